// SPDX-License-Identifier: Apache-2.0
#include "supervisor/egress_gate.h"

#include <algorithm>
#include <cerrno>

namespace dockerlite {
namespace {

// An opening outlives its answer, since who got that connects some time later, and programs keep addresses longer than they ought to.
constexpr int64_t kGraceMs = 60'000, kMarginMs = 5'000;
// So often one is entered again, in case somebody has flushed the tables.
constexpr int64_t kRenewMs = 30'000;
constexpr size_t kMostOpenings = 1024;

bool Matches(const std::string& pattern, const std::string& name) {
  if (!pattern.starts_with("*.")) return name == pattern;
  const std::string_view suffix = std::string_view(pattern).substr(1);
  return name.size() > suffix.size() && name.ends_with(suffix);
}

// As nftables keeps a port in a concatenation.
std::string PortKey(uint16_t port) { return {static_cast<char>(port >> 8), static_cast<char>(port & 0xff), '\0', '\0'}; }

std::string Identity(const NftElement& element) { return std::to_string(element.family) + ' ' + element.table + ' ' + element.set + ' ' + element.key; }

}  // namespace

std::vector<uint16_t> EgressGate::PortsOf(const std::string& name) const {
  std::vector<uint16_t> ports;
  for (auto& [pattern, port] : orders_.names)
    if (Matches(pattern, name)) ports.push_back(port);
  return ports;
}

std::vector<NftElement> EgressGate::ElementsFor(const dns::AnsweredAddress& address, const std::vector<uint16_t>& ports, Origin origin) const {
  std::vector<NftElement> elements;
  for (auto& sets : origin == Origin::kServer ? orders_.outside : orders_.containers) {
    if (sets.source.size() != address.bytes.size()) continue;
    for (uint16_t port : ports) {
      NftElement element;
      element.family = sets.family;
      element.table = sets.table;
      element.set = port == 0 ? sets.any : sets.withPort;
      element.key = sets.source + address.bytes + (port == 0 ? std::string() : PortKey(port));
      element.timeoutMs = static_cast<uint64_t>(std::min(address.ttl, kLongestTtl)) * 1000 + kGraceMs;
      elements.push_back(std::move(element));
    }
  }
  return elements;
}

bool EgressGate::Open(const std::vector<dns::AnsweredAddress>& addresses, const std::vector<uint16_t>& ports, Origin origin) {
  const int64_t now = MonotonicMs();
  std::vector<NftElement> stale, fresh;
  for (auto& address : addresses)
    for (auto& element : ElementsFor(address, ports, origin)) {
      auto known = openings_.find(Identity(element));
      const bool open = known != openings_.end() && known->second.until > now;
      const int64_t needed = now + static_cast<int64_t>(element.timeoutMs) - kGraceMs + kMarginMs;
      if (open && known->second.until >= needed && now - known->second.since < kRenewMs) continue;
      // The time of one that is there can be changed by replacing it only.
      if (open) stale.push_back(element);
      fresh.push_back(std::move(element));
    }
  if (fresh.empty()) return true;
  if (!changes_.Take()) return false;
  MakeRoom(stale, fresh.size());
  if (!Send(stale, fresh)) return false;
  for (auto& element : fresh) openings_[Identity(element)] = {element, now, now + static_cast<int64_t>(element.timeoutMs)};
  return true;
}

// Forgets those that have run out, and if that is not enough, closes those that will next.
void EgressGate::MakeRoom(std::vector<NftElement>& stale, size_t wanted) {
  const int64_t now = MonotonicMs();
  std::erase_if(openings_, [&](auto& each) { return each.second.until <= now; });
  while (!openings_.empty() && openings_.size() + wanted > kMostOpenings) {
    auto next = std::min_element(openings_.begin(), openings_.end(), [](auto& a, auto& b) { return a.second.until < b.second.until; });
    const std::string id = next->first;
    if (std::none_of(stale.begin(), stale.end(), [&](auto& each) { return Identity(each) == id; })) stale.push_back(next->second.element);
    openings_.erase(next);
  }
}

bool EgressGate::Send(const std::vector<NftElement>& stale, const std::vector<NftElement>& fresh) {
  std::string messages, without;
  AppendElements(messages, NftOp::kDelete, stale);
  AppendElements(messages, NftOp::kAdd, fresh);
  Status sent = SendBatch(FinishBatch(messages));
  if (sent || sent.error().code != ENOENT || stale.empty()) return static_cast<bool>(sent);
  // One of them has run out this moment.
  AppendElements(without, NftOp::kAdd, fresh);
  return static_cast<bool>(SendBatch(FinishBatch(without)));
}

void EgressGate::Close() {
  const int64_t now = MonotonicMs();
  std::vector<NftElement> all;
  for (auto& [id, opening] : openings_)
    if (opening.until > now) all.push_back(opening.element);
  openings_.clear();
  if (all.empty()) return;
  std::string messages;
  AppendElements(messages, NftOp::kDelete, all);
  SendLeniently(FinishBatch(messages));
}

}  // namespace dockerlite
