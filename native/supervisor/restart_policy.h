// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

namespace dockerlite {

enum class RestartKind : uint32_t { kNever = 0, kAlways = 1, kOnFailure = 2 };

// When the container is started again; `most` restarts for want of success, 0 for any number.
struct RestartOrders {
  RestartKind kind = RestartKind::kNever;
  uint32_t most = 0;
};

// Docker's rules: the first wait is 100 ms, each further one twice as long up to a minute, and the first again after a
// run of ten seconds.
class RestartPolicy {
 public:
  void Set(RestartOrders orders) { orders_ = orders; }
  // The user has stopped it.
  void Cancel() { cancelled_ = true; }
  bool cancelled() const { return cancelled_; }
  uint32_t count() const { return count_; }
  // Nanoseconds to wait before the next run, after one that ended with `status`; nullopt: there is none.
  std::optional<int64_t> Next(int status, int64_t ranNs);

 private:
  RestartOrders orders_;
  bool cancelled_ = false;
  uint32_t count_ = 0;
  int64_t wait_ = 0;
};

}  // namespace dockerlite
