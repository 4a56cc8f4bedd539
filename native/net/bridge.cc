// SPDX-License-Identifier: Apache-2.0
#include "net/bridge.h"

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include "net/address_request.h"
#include "net/netlink.h"

namespace dockerlite {
namespace {

struct Found {
  int index = 0;
  bool up = false;
  bool bridge = false;
};

bool IsBridge(const nlattr* linkInfo) {
  bool bridge = false;
  ForEachNested(linkInfo, [&](const nlattr* attribute) {
    if (mnl_attr_get_type(attribute) == IFLA_INFO_KIND) bridge = AttributeText(attribute) == "bridge";
  });
  return bridge;
}

Result<Found> Find(Netlink& netlink, const std::string& name) {
  NetlinkMessage message(RTM_GETLINK, 0);
  message.extra<ifinfomsg>();
  mnl_attr_put_strz(message.header(), IFLA_IFNAME, name.c_str());
  Found found;
  auto done = netlink.Call(message, "netlink(RTM_GETLINK)", name, [&](const nlmsghdr* header) {
    if (header->nlmsg_type != RTM_NEWLINK) return;
    const auto* info = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(header));
    found.index = info->ifi_index;
    found.up = info->ifi_flags & IFF_UP;
    ForEachAttribute(header, sizeof(ifinfomsg), [&](const nlattr* attribute) {
      if (mnl_attr_get_type(attribute) == IFLA_LINKINFO) found.bridge = IsBridge(attribute);
    });
  });
  if (!done) return done.error();
  return found;
}

Status Create(Netlink& netlink, const Bridge& bridge) {
  NetlinkMessage message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  auto* info = message.extra<ifinfomsg>();
  info->ifi_flags = IFF_UP;
  info->ifi_change = IFF_UP;
  nlmsghdr* header = message.header();
  mnl_attr_put_strz(header, IFLA_IFNAME, bridge.name.c_str());
  // A fixed hardware address made of the IP: otherwise the bridge takes that of its lowest port, and changes it, and
  // with it what every container has in its neighbour table, as containers come and go.
  std::array<uint8_t, 6> hardware{0x02, 0x42};
  memcpy(hardware.data() + 2, bridge.addresses.front().bytes, 4);
  mnl_attr_put(header, IFLA_ADDRESS, hardware.size(), hardware.data());
  if (bridge.mtu != 0) mnl_attr_put_u32(header, IFLA_MTU, bridge.mtu);
  nlattr* linkInfo = mnl_attr_nest_start(header, IFLA_LINKINFO);
  mnl_attr_put_strz(header, IFLA_INFO_KIND, "bridge");
  mnl_attr_nest_end(header, linkInfo);
  auto done = netlink.Call(message, "netlink(RTM_NEWLINK)", bridge.name);
  if (!done && done.error().code != EEXIST) return done;
  return Nothing{};
}

Result<bool> HasAddress(Netlink& netlink, const Address& address, int index) {
  NetlinkMessage message(RTM_GETADDR, NLM_F_DUMP);
  message.extra<ifaddrmsg>()->ifa_family = static_cast<uint8_t>(address.family);
  bool found = false;
  auto done = netlink.Call(message, "netlink(RTM_GETADDR)", {}, [&](const nlmsghdr* header) {
    const auto* info = static_cast<const ifaddrmsg*>(mnl_nlmsg_get_payload(header));
    if (header->nlmsg_type != RTM_NEWADDR || static_cast<int>(info->ifa_index) != index) return;
    if (info->ifa_prefixlen != address.prefix) return;
    ForEachAttribute(header, sizeof(ifaddrmsg), [&](const nlattr* attribute) {
      const auto type = mnl_attr_get_type(attribute);
      if ((type == IFA_LOCAL || type == IFA_ADDRESS) && mnl_attr_get_payload_len(attribute) == address.size() &&
          memcmp(mnl_attr_get_payload(attribute), address.bytes, address.size()) == 0)
        found = true;
    });
  });
  // Read while others were changing addresses: adding it once more does no harm.
  if (!done && done.error().code == EAGAIN) return false;
  if (!done) return done.error();
  return found;
}

Status SetUp(Netlink& netlink, const std::string& name, int index) {
  NetlinkMessage message(RTM_NEWLINK, 0);
  auto* info = message.extra<ifinfomsg>();
  info->ifi_index = index;
  info->ifi_flags = IFF_UP;
  info->ifi_change = IFF_UP;
  return netlink.Call(message, "netlink(RTM_NEWLINK)", name);
}

}  // namespace

Status EnsureBridge(const Bridge& bridge) {
  auto netlink = Netlink::Open(NETLINK_ROUTE);
  if (!netlink) return netlink.error();
  auto found = Find(netlink.value(), bridge.name);
  if (!found && found.error().code == ENODEV) {
    auto created = Create(netlink.value(), bridge);
    if (!created) return created;
    found = Find(netlink.value(), bridge.name);
  }
  if (!found) return found.error();
  const Found link = found.value();
  if (!link.bridge) return Error{EEXIST, "netlink(RTM_NEWLINK)", bridge.name, "there is an interface of this name that is not a bridge"};

  for (const Address& address : bridge.addresses) {
    auto addressed = HasAddress(netlink.value(), address, link.index);
    if (!addressed) return addressed.error();
    if (addressed.value()) continue;
    auto added = AddAddress(netlink.value(), link.index, address);
    if (!added) return added;
  }
  if (!link.up) return SetUp(netlink.value(), bridge.name, link.index);
  return Nothing{};
}

}  // namespace dockerlite
