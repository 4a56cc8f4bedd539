// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "supervisor/event_loop.h"

namespace dockerlite {

// Calls once, some time after it was armed. It must not be destroyed in its own call. The loop itself keeps the time: there is
// no descriptor that the kernel could refuse.
class Timer {
 public:
  Timer(EventLoop& loop, std::function<void()> call) : loop_(loop), call_(std::move(call)) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { Disarm(); }
  void Arm(int64_t nanoseconds);
  void Disarm();

 private:
  friend class EventLoop;
  EventLoop& loop_;
  std::function<void()> call_;
  int64_t due_ = 0;
};

}  // namespace dockerlite
