// SPDX-License-Identifier: Apache-2.0
#include "supervisor/network.h"

#include <fcntl.h>
#include <linux/netfilter.h>
#include <net/if.h>
#include <sched.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <optional>

#include "net/address.h"
#include "net/host_port.h"
#include "net/nft_batch.h"
#include "supervisor/frame.h"

namespace dockerlite {
namespace {

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
  explicit Visit(int there) : own_(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)) {
    entered_ = own_ && setns(there, CLONE_NEWNET) == 0;
  }
  ~Visit() {
    if (entered_ && setns(own_.get(), CLONE_NEWNET) != 0) _exit(125);  // cannot happen, must not go on
  }
  explicit operator bool() const { return entered_; }

 private:
  UniqueFd own_;
  bool entered_;
};

UniqueFd NamespaceOf(pid_t process) { return UniqueFd(open(("/proc/" + std::to_string(process) + "/ns/net").c_str(), O_RDONLY | O_CLOEXEC)); }

// "tcp 0.0.0.0 8080" as Docker writes it.
std::string Shown(const std::vector<std::string>& words) {
  const bool v6 = words[1].find(':') != std::string::npos;
  return (v6 ? "[" + words[1] + "]" : words[1]) + ":" + words[2] + "/" + words[0];
}

std::vector<std::string> Listed(const std::string& text) {
  std::vector<std::string> items;
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find(',', at), text.size());
    items.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return items;
}

bool TakeAddresses(std::vector<Address>& list, const std::string& text) {
  for (const std::string& each : Listed(text)) {
    std::optional<Address> address = ParseAddress(each);
    if (!address) return false;
    list.push_back(*address);
  }
  return true;
}

bool IsLinkName(const std::string& name) { return !name.empty() && name.size() < IFNAMSIZ; }

// "BRIDGE HOST NAME HARDWARE ADDRESS/PREFIX,... [GATEWAY,...]"
bool TakeLink(std::vector<Veth>& links, const std::string& text) {
  const std::vector<std::string> words = Words(text);
  if (words.size() != 5 && words.size() != 6) return false;
  Veth veth{words[0], words[1], words[2], {}, {}, {}};
  if (!IsLinkName(veth.bridge) || !IsLinkName(veth.host) || !IsLinkName(veth.name) || words[3].size() != 17) return false;
  for (size_t i = 0; i < veth.hardware.size(); i++) {
    const char* digits = words[3].data() + 3 * i;
    const std::from_chars_result parsed = std::from_chars(digits, digits + 2, veth.hardware[i], 16);
    if (parsed.ec != std::errc() || parsed.ptr != digits + 2) return false;
  }
  if (!TakeAddresses(veth.addresses, words[4])) return false;
  if (words.size() == 6 && !TakeAddresses(veth.gateways, words[5])) return false;
  links.push_back(std::move(veth));
  return true;
}

// "NETWORK DOMAIN ADDRESS,... NAME,..."
bool TakeMembership(ResolverOrders& orders, const std::string& text) {
  const std::vector<std::string> words = Words(text);
  if (words.size() != 4 || words[0].find('/') != std::string::npos || words[0][0] == '.') return false;
  orders.memberships.push_back({words[0], words[1], Listed(words[2]), Listed(words[3])});
  return true;
}

// "NAME PORT"
bool TakeName(EgressOrders& orders, const std::string& text) {
  const std::vector<std::string> words = Words(text);
  if (words.size() != 2) return false;
  uint16_t port = 0;
  const char* end = words[1].data() + words[1].size();
  const std::from_chars_result parsed = std::from_chars(words[1].data(), end, port);
  if (parsed.ec != std::errc() || parsed.ptr != end) return false;  // 0 would be any
  orders.names.push_back({words[0], port});
  return true;
}

// "FAMILY TABLE SET SET ADDRESS"
bool TakeSets(std::vector<EgressOrders::Sets>& list, const std::string& text) {
  const std::vector<std::string> words = Words(text);
  std::optional<Address> source = words.size() == 5 ? ParseAddress(words[4]) : std::nullopt;
  if (!source || (words[0] != "inet" && words[0] != "bridge")) return false;
  const uint8_t family = words[0] == "inet" ? NFPROTO_INET : NFPROTO_BRIDGE;
  list.push_back({family, words[1], words[2], words[3], std::string(reinterpret_cast<const char*>(source->bytes), source->size())});
  return true;
}

}  // namespace

bool NetworkOrders::Take(uint16_t tag, std::string_view data) {
  if (tag == 70) {
    atExit.emplace_back(data);
    return true;
  }
  if (tag == 79) {
    afterExit.emplace_back(data);
    return true;
  }
  std::optional<std::string> text = wire::AsString(data);
  if (!text) return false;
  if (tag == 72) return TakeLink(links, *text);
  if (tag == 73) return TakeMembership(resolver, *text);
  if (tag == 74) resolver.directory = std::move(*text);
  if (tag == 75) resolver.servers.push_back(std::move(*text));
  if (tag == 76) {
    const std::vector<std::string> words = Words(*text);
    if (words.size() != 2) return false;
    resolver.links.emplace_back(words[0], words[1]);
  }
  if (tag == 77) resolver.outward = false;
  if (tag == 78) return TakeName(egress, *text);
  if (tag == 80) return TakeSets(egress.outside, *text);
  if (tag == 81) return TakeSets(egress.containers, *text);
  if (tag == 82) return TakeSets(egress.refused, *text);
  if (tag == 71) ports.push_back(std::move(*text));
  return true;
}

Status Network::ClaimPorts(const std::vector<std::string>& ports) {
  for (const std::string& order : ports) {
    const std::vector<std::string> words = Words(order);
    std::optional<HostPort> claim = words.size() == 3 ? ParseHostPort(words[0], words[1], strtoul(words[2].c_str(), nullptr, 10)) : std::nullopt;
    if (!claim) return Error{EBADMSG, "START", order, "malformed port"};
    Result<UniqueFd> socket = BindHostPort(*claim, Shown(words));
    if (!socket) return socket.error();
    if (socket.value()) ports_.push_back(std::move(socket.value()));
  }
  return Nothing{};
}

Status Network::PlugIn(pid_t init) {
  UniqueFd there = NamespaceOf(init);
  for (const Veth& link : orders_.links)
    if (Status made = CreatePair(there.get(), link); !made) return made;
  Visit visit(there.get());
  if (!visit) return Error::last("setns", "network namespace");
  for (const Veth& link : orders_.links)
    if (Status configured = ConfigureEnd(link); !configured) return configured;
  return Resolve();
}

// In the namespace of the container.
Status Network::Resolve() {
  resolver_.reset();
  gate_ = orders_.egress.present() ? std::make_unique<EgressGate>(orders_.egress) : nullptr;
  denials_.Begin(orders_.egress.refused);
  if (!orders_.Resolves()) return Nothing{};
  resolver_ = std::make_unique<Resolver>(loop_, orders_.resolver, gate_.get(), denials_);
  return resolver_->Listen();
}

Status Network::Publish(const std::string& container) {
  container_ = container;
  return PublishNames(orders_.resolver.directory, container_, orders_.resolver.memberships);
}

Status Network::Change(pid_t init, NetworkOrders orders) {
  WithdrawNames(orders_.resolver.directory, container_, orders_.resolver.memberships);
  orders_ = std::move(orders);
  Status published = Publish(container_);
  UniqueFd there = NamespaceOf(init);
  Visit visit(there.get());
  if (!visit) return Error::last("setns", "network namespace");
  // The way out may lead through another one now. One that somebody removed is missed by him alone.
  for (const Veth& link : orders_.links)
    if (Status configured = ConfigureEnd(link); !configured && configured.error().code != ENODEV) return configured;
  if (!resolver_ || !orders_.Resolves()) {
    Status resolved = Resolve();
    return published ? resolved : published;
  }
  // What is open is so for its addresses of before.
  std::unique_ptr<EgressGate> gate = orders_.egress.present() ? std::make_unique<EgressGate>(orders_.egress) : nullptr;
  resolver_->Change(orders_.resolver, gate.get());
  gate_ = std::move(gate);
  denials_.Begin(orders_.egress.refused);
  return published;
}

void Network::Release() {
  WithdrawNames(orders_.resolver.directory, container_, orders_.resolver.memberships);
  resolver_.reset();
  gate_.reset();
  denials_.End();
  for (const std::string& batch : orders_.atExit) SendForgotten(batch);
  orders_.atExit.clear();
  ports_.clear();
}

void Network::RemoveLinks() {
  for (const Veth& link : orders_.links) (void)RemovePair(link.host);
  orders_.links.clear();
  for (const std::string& batch : orders_.afterExit) SendForgotten(batch);
  orders_.afterExit.clear();
}

}  // namespace dockerlite
