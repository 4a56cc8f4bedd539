// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>

#include "net/address.h"
#include "net/netlink.h"

namespace dockerlite {

// Gives an interface an address; fine when it has it. IPv6 addresses are usable at once: nobody else has them, they are
// given out by the store, so nobody is asked.
inline Status AddAddress(Netlink& netlink, int index, const Address& address) {
  NetlinkMessage message(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
  auto* info = message.extra<ifaddrmsg>();
  info->ifa_family = static_cast<uint8_t>(address.family);
  info->ifa_prefixlen = address.prefix;
  info->ifa_index = static_cast<uint32_t>(index);
  if (address.family == AF_INET6) info->ifa_flags = IFA_F_NODAD;
  mnl_attr_put(message.header(), IFA_LOCAL, address.size(), address.bytes);
  mnl_attr_put(message.header(), IFA_ADDRESS, address.size(), address.bytes);
  auto done = netlink.Call(message, "netlink(RTM_NEWADDR)");
  if (!done && done.error().code != EEXIST) return done;
  return Nothing{};
}

}  // namespace dockerlite
