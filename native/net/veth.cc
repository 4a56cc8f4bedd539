// SPDX-License-Identifier: Apache-2.0
#include "net/veth.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include "net/raw_socket.h"

namespace dockerlite {
namespace {

using netlink::Attribute;
using netlink::Message;

template <typename T>
std::string_view BytesOf(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

// With its NUL.
std::string_view Name(const std::string& name) { return {name.c_str(), name.size() + 1}; }

std::string_view BytesOf(const Address& address) { return {reinterpret_cast<const char*>(address.bytes), address.size()}; }

Result<unsigned> Ask(int socket, unsigned long request, const std::string& name, const char* what) {
  ifreq answer{};
  name.copy(answer.ifr_name, sizeof answer.ifr_name - 1);
  if (ioctl(socket, request, &answer) != 0) return Error::last(what, name);
  return static_cast<unsigned>(request == SIOCGIFMTU ? answer.ifr_mtu : answer.ifr_ifindex);
}

std::string CreationOf(int netns, const Veth& veth, unsigned bridge, unsigned mtu) {
  std::string request;
  {
    Message message(request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    ifinfomsg link{};
    link.ifi_flags = link.ifi_change = IFF_UP;
    netlink::Put(request, link);
    Attribute(request, IFLA_IFNAME, Name(veth.host));
    Attribute(request, IFLA_MASTER, BytesOf(bridge));
    Attribute(request, IFLA_MTU, BytesOf(mtu));
    Attribute information(request, IFLA_LINKINFO);
    Attribute(request, IFLA_INFO_KIND, "veth");
    Attribute data(request, IFLA_INFO_DATA);
    Attribute peer(request, VETH_INFO_PEER);
    netlink::Put(request, ifinfomsg{});
    Attribute(request, IFLA_IFNAME, Name(veth.name));
    Attribute(request, IFLA_ADDRESS, {reinterpret_cast<const char*>(veth.hardware.data()), veth.hardware.size()});
    Attribute(request, IFLA_NET_NS_FD, BytesOf(netns));
    Attribute(request, IFLA_MTU, BytesOf(mtu));
  }
  return request;
}

void PutAddress(std::string& out, unsigned index, const Address& address) {
  Message message(out, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE);
  // The store gives addresses out, nobody else has this one: nobody is asked.
  const uint8_t flags = address.family == AF_INET6 ? IFA_F_NODAD : 0;
  netlink::Put(out, ifaddrmsg{static_cast<uint8_t>(address.family), address.prefix, flags, RT_SCOPE_UNIVERSE, index});
  Attribute(out, IFA_LOCAL, BytesOf(address));
  Attribute(out, IFA_ADDRESS, BytesOf(address));
  if (address.family != AF_INET || address.prefix > 30) return;
  uint32_t all;
  memcpy(&all, address.bytes, sizeof all);
  all |= htonl(0xffffffffu >> address.prefix);
  Attribute(out, IFA_BROADCAST, BytesOf(all));
}

void PutUp(std::string& out, unsigned index) {
  Message message(out, RTM_NEWLINK, 0);
  ifinfomsg link{};
  link.ifi_index = static_cast<int>(index);
  link.ifi_flags = link.ifi_change = IFF_UP;
  netlink::Put(out, link);
}

void PutDefaultRoute(std::string& out, unsigned index, const Address& gateway) {
  Message message(out, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
  rtmsg route{};
  route.rtm_family = static_cast<uint8_t>(gateway.family);
  route.rtm_table = RT_TABLE_MAIN;
  route.rtm_protocol = RTPROT_BOOT;
  route.rtm_scope = RT_SCOPE_UNIVERSE;
  route.rtm_type = RTN_UNICAST;
  netlink::Put(out, route);
  Attribute(out, RTA_GATEWAY, BytesOf(gateway));
  Attribute(out, RTA_OIF, BytesOf(index));
}

Status Of(const std::string& link, Status status) {
  if (!status) status.error().path = link;
  return status;
}

}  // namespace

Status CreatePair(int netns, const Veth& veth) {
  Result<UniqueFd> socket = netlink::Open(NETLINK_ROUTE, "socket(NETLINK_ROUTE)");
  if (!socket) return socket.error();
  const int fd = socket.value().get();
  Result<unsigned> bridge = Ask(fd, SIOCGIFINDEX, veth.bridge, "ioctl(SIOCGIFINDEX)");
  if (!bridge) return bridge.error();
  Result<unsigned> mtu = Ask(fd, SIOCGIFMTU, veth.bridge, "ioctl(SIOCGIFMTU)");
  if (!mtu) return mtu.error();
  const std::string request = CreationOf(netns, veth, bridge.value(), mtu.value());
  Status created = netlink::Transact(fd, request, "netlink(RTM_NEWLINK)");
  if (!created && created.error().code == EEXIST) {
    (void)RemovePair(veth.host);
    created = netlink::Transact(fd, request, "netlink(RTM_NEWLINK)");
  }
  return Of(veth.host, created);
}

Status ConfigureEnd(const Veth& veth) {
  Result<UniqueFd> socket = netlink::Open(NETLINK_ROUTE, "socket(NETLINK_ROUTE)");
  if (!socket) return socket.error();
  Result<unsigned> index = Ask(socket.value().get(), SIOCGIFINDEX, veth.name, "ioctl(SIOCGIFINDEX)");
  if (!index) return index.error();
  std::string requests;
  for (const Address& address : veth.addresses) PutAddress(requests, index.value(), address);
  PutUp(requests, index.value());
  for (const Address& gateway : veth.gateways) PutDefaultRoute(requests, index.value(), gateway);
  return Of(veth.name, netlink::Transact(socket.value().get(), requests, "netlink(RTM_NEWADDR)"));
}

Status RemovePair(const std::string& host) {
  std::string request;
  {
    Message message(request, RTM_DELLINK, 0);
    netlink::Put(request, ifinfomsg{});
    Attribute(request, IFLA_IFNAME, Name(host));
  }
  Status removed = netlink::TransactOnce(NETLINK_ROUTE, request, "netlink(RTM_DELLINK)");
  return removed || removed.error().code == ENODEV ? Status(Nothing{}) : removed;
}

}  // namespace dockerlite
