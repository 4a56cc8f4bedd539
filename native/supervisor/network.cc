// SPDX-License-Identifier: Apache-2.0
#include "supervisor/network.h"

#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <unistd.h>

#include <cstring>
#include <optional>

#include "net/address.h"
#include "net/nft_batch.h"
#include "net/raw_socket.h"
#include "supervisor/frame.h"

namespace dockerlite {
namespace {

constexpr const char* kBind = "failed to bind host port";

std::vector<std::string> Words(const std::string& text) {
  std::vector<std::string> words;
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find(' ', at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

// A thread's visit to another network namespace.
class Visit {
 public:
  explicit Visit(pid_t pid)
      : own_(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)),
        there_(open(("/proc/" + std::to_string(pid) + "/ns/net").c_str(), O_RDONLY | O_CLOEXEC)) {
    entered_ = own_ && there_ && setns(there_.get(), CLONE_NEWNET) == 0;
  }
  ~Visit() {
    if (entered_ && setns(own_.get(), CLONE_NEWNET) != 0) _exit(125);  // cannot happen, must not go on
  }
  explicit operator bool() const { return entered_; }

 private:
  UniqueFd own_, there_;
  bool entered_;
};

struct Claim {
  int type = SOCK_STREAM, protocol = IPPROTO_TCP;
  sockaddr_storage address{};
  socklen_t length = 0;
};

std::optional<Claim> ParseClaim(const std::vector<std::string>& words) {
  if (words.size() != 3) return std::nullopt;
  Claim claim;
  if (words[0] == "udp") {
    claim.type = SOCK_DGRAM;
    claim.protocol = IPPROTO_UDP;
  } else if (words[0] == "sctp") {
    claim.protocol = IPPROTO_SCTP;
  } else if (words[0] != "tcp") {
    return std::nullopt;
  }
  std::optional<Address> host = ParseAddress(words[1]);
  unsigned long port = strtoul(words[2].c_str(), nullptr, 10);
  if (!host || port == 0 || port > 65535) return std::nullopt;
  const in_port_t number = htons(static_cast<uint16_t>(port));
  if (host->family == AF_INET) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = number;
    memcpy(&in.sin_addr, host->bytes, 4);
    memcpy(&claim.address, &in, claim.length = sizeof in);
  } else {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = number;
    memcpy(&in.sin6_addr, host->bytes, 16);
    memcpy(&claim.address, &in, claim.length = sizeof in);
  }
  return claim;
}

// "tcp 0.0.0.0 8080" as Docker writes it.
std::string Shown(const std::vector<std::string>& words) {
  const bool v6 = words[1].find(':') != std::string::npos;
  return (v6 ? "[" + words[1] + "]" : words[1]) + ":" + words[2] + "/" + words[0];
}

Result<UniqueFd> Bind(const Claim& claim, const std::string& shown) {
  UniqueFd socket(::socket(claim.address.ss_family, claim.type | SOCK_CLOEXEC, claim.protocol));
  // A kernel without SCTP has nobody who could listen there.
  if (!socket && claim.protocol == IPPROTO_SCTP) return UniqueFd();
  if (!socket) return Error::last(kBind, shown);
  const int on = 1;
  // As servers do: connections of the past are no reason to refuse.
  if (claim.type == SOCK_STREAM) setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (claim.address.ss_family == AF_INET6) setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  int error = bind(socket.get(), reinterpret_cast<const sockaddr*>(&claim.address), claim.length) == 0 ? 0 : errno;
  // Only one that listens keeps others away.
  if (error == 0 && claim.type == SOCK_STREAM && listen(socket.get(), 0) != 0) error = errno;
  if (error == EADDRINUSE) return Error{error, kBind, shown, "address already in use"};
  if (error == EADDRNOTAVAIL) return Error{error, kBind, shown, "cannot assign requested address"};
  if (error != 0) return Error{error, kBind, shown, {}};
  return socket;
}

void PutAddress(std::string& out, unsigned index, const Address& address) {
  netlink::Message message(out, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE);
  netlink::Put(out, ifaddrmsg{AF_INET6, address.prefix, IFA_F_NODAD, RT_SCOPE_UNIVERSE, index});
  netlink::Attribute local(out, IFA_LOCAL, {reinterpret_cast<const char*>(address.bytes), 16});
}

void PutDefaultRoute(std::string& out, unsigned index, const Address& gateway) {
  netlink::Message message(out, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
  rtmsg route{};
  route.rtm_family = AF_INET6;
  route.rtm_table = RT_TABLE_MAIN;
  route.rtm_protocol = RTPROT_BOOT;
  route.rtm_scope = RT_SCOPE_UNIVERSE;
  route.rtm_type = RTN_UNICAST;
  netlink::Put(out, route);
  netlink::Attribute via(out, RTA_GATEWAY, {reinterpret_cast<const char*>(gateway.bytes), 16});
  netlink::Attribute device(out, RTA_OIF, {reinterpret_cast<const char*>(&index), sizeof index});
}

Status AddAddress6(const std::string& order) {
  const std::vector<std::string> words = Words(order);
  std::optional<Address> address = words.size() < 2 ? std::nullopt : ParseAddress(words[1]);
  std::optional<Address> gateway = words.size() < 3 ? std::nullopt : ParseAddress(words[2]);
  if (!address || address->family != AF_INET6 || (words.size() > 2 && !gateway)) return Error{EBADMSG, "START", order, {}};
  const unsigned index = if_nametoindex(words[0].c_str());
  if (index == 0) return Error::last("if_nametoindex", words[0]);
  std::string messages;
  PutAddress(messages, index, *address);
  if (gateway) PutDefaultRoute(messages, index, *gateway);
  return netlink::Transact(NETLINK_ROUTE, messages, "netlink(RTM_NEWADDR)");
}

}  // namespace

bool NetworkOrders::Take(uint16_t tag, std::string_view data) {
  if (tag == 70) {
    atExit.emplace_back(data);
    return true;
  }
  std::optional<std::string> text = wire::AsString(data);
  if (!text) return false;
  if (tag == 71) ports.push_back(std::move(*text));
  if (tag == 72) addresses6.push_back(std::move(*text));
  return true;
}

Status Network::ClaimPorts(const std::vector<std::string>& ports) {
  for (const std::string& order : ports) {
    const std::vector<std::string> words = Words(order);
    std::optional<Claim> claim = ParseClaim(words);
    if (!claim) return Error{EBADMSG, "START", order, "malformed port"};
    Result<UniqueFd> socket = Bind(*claim, Shown(words));
    if (!socket) return socket.error();
    if (socket.value()) ports_.push_back(std::move(socket.value()));
  }
  return Nothing{};
}

Status Network::Configure(pid_t init, const NetworkOrders& orders) {
  Visit visit(init);
  if (!visit) return Error::last("setns", "network namespace");
  for (const std::string& order : orders.addresses6)
    if (Status added = AddAddress6(order); !added) return added;
  return Nothing{};
}

void Network::Release() {
  for (const std::string& batch : orders_.atExit) SendLeniently(batch);
  orders_.atExit.clear();
  ports_.clear();
}

}  // namespace dockerlite
