// SPDX-License-Identifier: Apache-2.0
#include "supervisor/timer.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>

namespace dockerlite {

bool Timer::Arm(int64_t nanoseconds) {
  // Whoever waits for it would wait for ever: with another one it may be possible.
  return Set(nanoseconds) || Set(nanoseconds);
}

bool Timer::Set(int64_t nanoseconds) {
  if (!fd_) {
    fd_.reset(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    if (fd_ && !loop_.Watch(fd_.get(), EPOLLIN, this)) fd_.reset();
    if (!fd_) return false;
  }
  itimerspec when{};
  nanoseconds = std::max<int64_t>(nanoseconds, 1);  // 0 would disarm it
  when.it_value.tv_sec = nanoseconds / 1'000'000'000;
  when.it_value.tv_nsec = nanoseconds % 1'000'000'000;
  return timerfd_settime(fd_.get(), 0, &when, nullptr) == 0;
}

void Timer::Disarm() {
  const itimerspec never{};
  if (fd_) timerfd_settime(fd_.get(), 0, &never, nullptr);
}

void Timer::OnReady(int fd, uint32_t) {
  uint64_t times;
  // Nothing when it was armed anew after epoll had seen it run out.
  if (read(fd, &times, sizeof times) == sizeof times) call_();
}

}  // namespace dockerlite
