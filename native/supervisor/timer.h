// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

#include "supervisor/event_loop.h"

namespace dockerlite {

// Calls once, some time after it was armed. It must not be destroyed in its own call. Costs a descriptor from the first
// Arm on.
class Timer : public Watcher {
 public:
  Timer(EventLoop& loop, std::function<void()> call) : loop_(loop), call_(std::move(call)) {}
  ~Timer() override { loop_.Forget(fd_.get()); }
  // False when the kernel has no timer to give.
  bool Arm(int64_t nanoseconds);
  void Disarm();
  void OnReady(int fd, uint32_t events) override;

 private:
  bool Set(int64_t nanoseconds);
  EventLoop& loop_;
  std::function<void()> call_;
  UniqueFd fd_;
};

}  // namespace dockerlite
