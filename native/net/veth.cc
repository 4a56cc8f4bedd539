// SPDX-License-Identifier: Apache-2.0
#include "net/veth.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>

#include <thread>

#include "net/address_request.h"
#include "net/link.h"
#include "net/netlink.h"

namespace dockerlite {
namespace {

Status CreatePair(int netns, const Veth& veth) {
  const unsigned bridge = if_nametoindex(veth.bridge.c_str());
  if (bridge == 0) return Error::last("if_nametoindex", veth.bridge);
  auto netlink = Netlink::Open(NETLINK_ROUTE);
  if (!netlink) return netlink.error();
  NetlinkMessage message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  auto* info = message.extra<ifinfomsg>();
  info->ifi_flags = IFF_UP;
  info->ifi_change = IFF_UP;
  nlmsghdr* header = message.header();
  mnl_attr_put_strz(header, IFLA_IFNAME, veth.host.c_str());
  mnl_attr_put_u32(header, IFLA_MASTER, bridge);
  if (veth.mtu != 0) mnl_attr_put_u32(header, IFLA_MTU, veth.mtu);
  nlattr* linkInfo = mnl_attr_nest_start(header, IFLA_LINKINFO);
  mnl_attr_put_strz(header, IFLA_INFO_KIND, "veth");
  nlattr* data = mnl_attr_nest_start(header, IFLA_INFO_DATA);
  nlattr* peer = mnl_attr_nest_start(header, VETH_INFO_PEER);
  message.extra<ifinfomsg>();
  mnl_attr_put_strz(header, IFLA_IFNAME, veth.name.c_str());
  mnl_attr_put(header, IFLA_ADDRESS, veth.hardware.size(), veth.hardware.data());
  mnl_attr_put_u32(header, IFLA_NET_NS_FD, static_cast<uint32_t>(netns));
  if (veth.mtu != 0) mnl_attr_put_u32(header, IFLA_MTU, veth.mtu);
  mnl_attr_nest_end(header, peer);
  mnl_attr_nest_end(header, data);
  mnl_attr_nest_end(header, linkInfo);
  return netlink.value().Call(message, "netlink(RTM_NEWLINK)", veth.host);
}

Status SetUp(Netlink& netlink, int index) {
  NetlinkMessage message(RTM_NEWLINK, 0);
  auto* info = message.extra<ifinfomsg>();
  info->ifi_index = index;
  info->ifi_flags = IFF_UP;
  info->ifi_change = IFF_UP;
  return netlink.Call(message, "netlink(RTM_NEWLINK)");
}

Status AddDefaultRoute(Netlink& netlink, int index, const Address& gateway) {
  NetlinkMessage message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
  auto* route = message.extra<rtmsg>();
  route->rtm_family = static_cast<uint8_t>(gateway.family);
  route->rtm_table = RT_TABLE_MAIN;
  route->rtm_protocol = RTPROT_BOOT;
  route->rtm_scope = RT_SCOPE_UNIVERSE;
  route->rtm_type = RTN_UNICAST;
  mnl_attr_put(message.header(), RTA_GATEWAY, gateway.size(), gateway.bytes);
  mnl_attr_put_u32(message.header(), RTA_OIF, static_cast<uint32_t>(index));
  return netlink.Call(message, "netlink(RTM_NEWROUTE)");
}

// On a thread of its own, which ends in the namespace it entered.
Status Configure(int netns, const Veth& veth) {
  if (setns(netns, CLONE_NEWNET) != 0) return Error::last("setns", veth.name);
  const int index = static_cast<int>(if_nametoindex(veth.name.c_str()));
  if (index == 0) return Error::last("if_nametoindex", veth.name);
  auto netlink = Netlink::Open(NETLINK_ROUTE);
  if (!netlink) return netlink.error();
  for (const Address& address : veth.addresses)
    if (Status added = AddAddress(netlink.value(), index, address); !added) return added;
  if (Status up = SetUp(netlink.value(), index); !up) return up;
  for (const Address& gateway : veth.gateways)
    if (Status added = AddDefaultRoute(netlink.value(), index, gateway); !added) return added;
  return Nothing{};
}

}  // namespace

Status ConnectVeth(int netns, const Veth& veth) {
  if (Status created = CreatePair(netns, veth); !created) return created;
  Status configured = Nothing{};
  std::thread([&] { configured = Configure(netns, veth); }).join();
  if (!configured) DeleteLink(veth.host);
  return configured;
}

}  // namespace dockerlite
