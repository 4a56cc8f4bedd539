// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "sys/clock.h"

namespace dockerlite {

// Says how often something may be done: `burst` times at once, `perSecond` in the long run.
class TokenBucket {
 public:
  TokenBucket(double burst, double perSecond) : burst_(burst), perSecond_(perSecond), tokens_(burst), last_(MonotonicMs()) {}
  bool Take() {
    const int64_t now = MonotonicMs();
    tokens_ = std::min(burst_, tokens_ + static_cast<double>(now - last_) / 1000 * perSecond_);
    last_ = now;
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

 private:
  double burst_, perSecond_, tokens_;
  int64_t last_;
};

}  // namespace dockerlite
