// SPDX-License-Identifier: Apache-2.0
#include "net/link.h"

#include <arpa/inet.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <map>

#include "net/netlink.h"

namespace dockerlite {
namespace {

constexpr int kDumpAttempts = 10;  // a dump that raced with a change is read again

std::string Cidr(int family, const void* address, unsigned prefix) {
  char text[INET6_ADDRSTRLEN];
  if (inet_ntop(family, address, text, sizeof(text)) == nullptr) return {};
  return std::string(text) + "/" + std::to_string(prefix);
}

std::string NetworkCidr(uint32_t address, unsigned prefix) {
  const uint32_t mask = prefix == 0 ? 0 : htonl(~uint32_t{0} << (32 - prefix));
  address &= mask;
  return Cidr(AF_INET, &address, prefix);
}

Link ReadLink(const nlmsghdr* header) {
  const auto* info = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(header));
  Link link;
  link.index = info->ifi_index;
  link.up = info->ifi_flags & IFF_UP;
  ForEachAttribute(header, sizeof(ifinfomsg), [&](const nlattr* attribute) {
    if (mnl_attr_get_type(attribute) == IFLA_IFNAME) link.name = AttributeText(attribute);
    if (mnl_attr_get_type(attribute) != IFLA_LINKINFO) return;
    ForEachNested(attribute, [&](const nlattr* nested) {
      if (mnl_attr_get_type(nested) == IFLA_INFO_KIND) link.kind = AttributeText(nested);
    });
  });
  return link;
}

struct Address {
  int index = 0;
  int family = AF_UNSPEC;
  unsigned prefix = 0;
  const nlattr* value = nullptr;  // IFA_LOCAL, else IFA_ADDRESS; points into the message
};

Address ReadAddress(const nlmsghdr* header) {
  const auto* info = static_cast<const ifaddrmsg*>(mnl_nlmsg_get_payload(header));
  Address address{static_cast<int>(info->ifa_index), info->ifa_family, info->ifa_prefixlen, nullptr};
  const size_t size = info->ifa_family == AF_INET ? 4 : 16;
  ForEachAttribute(header, sizeof(ifaddrmsg), [&](const nlattr* attribute) {
    if (mnl_attr_get_payload_len(attribute) != size) return;
    const auto type = mnl_attr_get_type(attribute);
    if (type == IFA_LOCAL || (type == IFA_ADDRESS && address.value == nullptr)) address.value = attribute;
  });
  return address;
}

Status Dump(Netlink& netlink, uint16_t type, uint8_t family, const char* what, const Netlink::Handler& handler) {
  NetlinkMessage message(type, NLM_F_DUMP);
  if (type == RTM_GETROUTE)
    message.extra<rtmsg>()->rtm_family = family;
  else if (type == RTM_GETADDR)
    message.extra<ifaddrmsg>()->ifa_family = family;
  else
    message.extra<ifinfomsg>()->ifi_family = family;
  return netlink.Call(message, what, {}, handler);
}

Result<std::vector<Link>> ReadLinks(Netlink& netlink) {
  std::map<int, Link> links;
  auto read = Dump(netlink, RTM_GETLINK, AF_UNSPEC, "netlink(RTM_GETLINK)", [&](const nlmsghdr* header) {
    if (header->nlmsg_type != RTM_NEWLINK) return;
    Link link = ReadLink(header);
    links[link.index] = std::move(link);
  });
  if (!read) return read.error();
  read = Dump(netlink, RTM_GETADDR, AF_UNSPEC, "netlink(RTM_GETADDR)", [&](const nlmsghdr* header) {
    if (header->nlmsg_type != RTM_NEWADDR) return;
    const Address address = ReadAddress(header);
    auto link = links.find(address.index);
    if (link == links.end() || address.value == nullptr) return;
    link->second.addresses.push_back(Cidr(address.family, mnl_attr_get_payload(address.value), address.prefix));
  });
  if (!read) return read.error();
  std::vector<Link> list;
  for (auto& [index, link] : links) list.push_back(std::move(link));
  return list;
}

void CollectRoute(const nlmsghdr* header, std::vector<std::string>& subnets) {
  const auto* route = static_cast<const rtmsg*>(mnl_nlmsg_get_payload(header));
  if (header->nlmsg_type != RTM_NEWROUTE || route->rtm_family != AF_INET || route->rtm_dst_len == 0) return;
  uint32_t table = route->rtm_table;
  const nlattr* destination = nullptr;
  ForEachAttribute(header, sizeof(rtmsg), [&](const nlattr* attribute) {
    if (mnl_attr_get_payload_len(attribute) != 4) return;
    if (mnl_attr_get_type(attribute) == RTA_TABLE) table = mnl_attr_get_u32(attribute);
    if (mnl_attr_get_type(attribute) == RTA_DST) destination = attribute;
  });
  if (table == RT_TABLE_MAIN && destination != nullptr)
    subnets.push_back(NetworkCidr(mnl_attr_get_u32(destination), route->rtm_dst_len));
}

Result<std::vector<std::string>> ReadUsedSubnets(Netlink& netlink) {
  std::vector<std::string> subnets;
  auto read = Dump(netlink, RTM_GETROUTE, AF_INET, "netlink(RTM_GETROUTE)",
                   [&](const nlmsghdr* header) { CollectRoute(header, subnets); });
  if (!read) return read.error();
  read = Dump(netlink, RTM_GETADDR, AF_INET, "netlink(RTM_GETADDR)", [&](const nlmsghdr* header) {
    if (header->nlmsg_type != RTM_NEWADDR) return;
    const Address address = ReadAddress(header);
    if (address.family == AF_INET && address.value != nullptr)
      subnets.push_back(NetworkCidr(mnl_attr_get_u32(address.value), address.prefix));
  });
  if (!read) return read.error();
  return subnets;
}

// Reads with `read` until no change came in between (the dump's EAGAIN).
template <typename T>
Result<T> Steady(Result<T> (*read)(Netlink&)) {
  auto netlink = Netlink::Open(NETLINK_ROUTE);
  if (!netlink) return netlink.error();
  Result<T> result = read(netlink.value());
  for (int attempt = 1; attempt < kDumpAttempts && !result && result.error().code == EAGAIN; ++attempt)
    result = read(netlink.value());
  return result;
}

}  // namespace

Result<std::vector<Link>> ListLinks() { return Steady(ReadLinks); }

Result<std::vector<std::string>> ListUsedSubnets() { return Steady(ReadUsedSubnets); }

Status DeleteLink(const std::string& name) {
  auto netlink = Netlink::Open(NETLINK_ROUTE);
  if (!netlink) return netlink.error();
  NetlinkMessage message(RTM_DELLINK, 0);
  message.extra<ifinfomsg>();
  mnl_attr_put_strz(message.header(), IFLA_IFNAME, name.c_str());
  return netlink.value().Call(message, "netlink(RTM_DELLINK)", name);
}

}  // namespace dockerlite
