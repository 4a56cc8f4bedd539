// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "supervisor/egress_gate.h"
#include "supervisor/event_log.h"
#include "supervisor/timer.h"
#include "supervisor/token_bucket.h"

namespace dockerlite {

// Tells, in the store's events, what a container's egress policy refuses: each name and each destination once a minute at most, and
// not more of them than somebody can read.
class Denials {
 public:
  Denials(EventLoop& loop, const EventLog& events) : events_(events), look_(loop, [this] { Look(); }) {}
  ~Denials() = default;

  // Looks from now on what nftables has refused; where it says so.
  void Begin(std::vector<EgressOrders::Sets> refused);
  // A last look.
  void End();
  void OnName(const std::string& name);
  // How many questions for names were refused.
  uint64_t names() const { return names_; }

 private:
  void Look();
  void LookAt(const EgressOrders::Sets& sets, std::set<std::string>& present);
  void Tell(const EgressOrders::Sets& sets, std::string_view key);

  const EventLog& events_;
  Timer look_;
  std::vector<EgressOrders::Sets> refused_;
  std::vector<uint64_t> packets_;    // of each of `refused_`, at the last look
  std::set<std::string> told_;       // destinations, while nftables remembers them
  std::set<std::string> toldNames_;  // since `namesSince_`
  int64_t namesSince_ = 0;
  uint64_t names_ = 0;
  TokenBucket events_left_{32, 1};
};

}  // namespace dockerlite
