// SPDX-License-Identifier: Apache-2.0
#include "supervisor/timer.h"

#include <algorithm>

#include "sys/clock.h"

namespace dockerlite {

void Timer::Arm(int64_t nanoseconds) {
  Disarm();
  // At least 1: one that arms itself in its own call lets the loop turn.
  due_ = MonotonicNs() + std::max<int64_t>(nanoseconds, 1);
  loop_.timers_.push_back(this);
}

void Timer::Disarm() { std::erase(loop_.timers_, this); }

}  // namespace dockerlite
