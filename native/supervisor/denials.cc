// SPDX-License-Identifier: Apache-2.0
#include "supervisor/denials.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

namespace dockerlite {
namespace {

// Nothing in the kernel wakes somebody up for a packet that is dropped without a queue for each container.
constexpr int64_t kPeriodNs = 2'000'000'000;
constexpr int64_t kForgetMs = 60'000;
constexpr size_t kMostNames = 256;

std::string ProtocolName(uint8_t number) {
  switch (number) {
    case IPPROTO_ICMP: return "icmp";
    case IPPROTO_TCP: return "tcp";
    case IPPROTO_UDP: return "udp";
    case IPPROTO_ICMPV6: return "icmpv6";
    case IPPROTO_SCTP: return "sctp";
    default: return std::to_string(number);
  }
}

}  // namespace

void Denials::Begin(std::vector<EgressOrders::Sets> refused) {
  refused_ = std::move(refused);
  packets_.assign(refused_.size(), 0);
  refused_.empty() ? look_.Disarm() : look_.Arm(kPeriodNs);
}

void Denials::End() {
  look_.Disarm();
  if (!refused_.empty()) Look();
  look_.Disarm();
  refused_.clear();
  told_.clear();
}

void Denials::Look() {
  look_.Arm(kPeriodNs);
  bool more = false;
  for (size_t i = 0; i < refused_.size(); i++) {
    const EgressOrders::Sets& sets = refused_[i];
    Result<NftCounter> counter = ReadCounter({sets.family, sets.table, sets.any, sets.source, {}, {}, 0});
    if (!counter || counter.value().packets == packets_[i]) continue;
    packets_[i] = counter.value().packets;
    more = true;
  }
  if (!more) return;
  std::set<std::string> present;
  for (auto& sets : refused_) LookAt(sets, present);
  told_ = std::move(present);
}

void Denials::LookAt(const EgressOrders::Sets& sets, std::set<std::string>& present) {
  Result<std::vector<std::string>> keys = ListKeys({sets.family, sets.table, sets.withPort, sets.source, {}, {}, 0});
  if (!keys) return;
  for (const std::string& key : keys.value()) {
    const std::string id = sets.table + ' ' + key;
    if (!told_.contains(id) && !present.contains(id)) Tell(sets, key);
    present.insert(id);
  }
}

// Source, destination, protocol, port: each padded to a multiple of four.
void Denials::Tell(const EgressOrders::Sets& sets, std::string_view key) {
  const size_t width = sets.source.size();
  if (key.size() != 2 * width + 8 || !events_left_.Take()) return;
  char address[INET6_ADDRSTRLEN];
  if (!inet_ntop(width == 4 ? AF_INET : AF_INET6, key.data() + width, address, sizeof address)) return;
  const auto at = [&](size_t i) { return static_cast<uint8_t>(key[2 * width + i]); };
  const std::string port = std::to_string(at(4) << 8 | at(5));
  if (port == "0") return events_.Record("egress-denied", {{"destination", address}, {"protocol", ProtocolName(at(0))}});
  events_.Record("egress-denied", {{"destination", address}, {"port", port}, {"protocol", ProtocolName(at(0))}});
}

void Denials::OnName(const std::string& name) {
  names_++;
  const int64_t now = MonotonicMs();
  if (now - namesSince_ > kForgetMs || toldNames_.size() >= kMostNames) {
    toldNames_.clear();
    namesSince_ = now;
  }
  if (!toldNames_.insert(name).second || !events_left_.Take()) return;
  events_.Record("egress-denied", {{"query", name}});
}

}  // namespace dockerlite
