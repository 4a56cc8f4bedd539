// SPDX-License-Identifier: Apache-2.0
#include "supervisor/event_loop.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <climits>

#include "supervisor/timer.h"
#include "sys/clock.h"

namespace dockerlite {

int RawEpollWait(int epoll, epoll_event* events, int capacity, int timeout) {
  return static_cast<int>(syscall(SYS_epoll_pwait, epoll, events, capacity, timeout, nullptr, 8));
}

EventLoop::EventLoop() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {}

bool EventLoop::Watch(int fd, uint32_t events, Watcher* watcher) {
  auto index = static_cast<size_t>(fd);
  if (slots_.size() <= index) slots_.resize(index + 1);
  Slot& slot = slots_[index];
  epoll_event event{};
  event.events = events;
  event.data.u64 = static_cast<uint64_t>(++slot.generation) << 32 | static_cast<uint32_t>(fd);
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return false;
  slot.watcher = watcher;
  return true;
}

void EventLoop::Change(int fd, uint32_t events) {
  Slot& slot = slots_[static_cast<size_t>(fd)];
  epoll_event event{};
  event.events = events;
  event.data.u64 = static_cast<uint64_t>(slot.generation) << 32 | static_cast<uint32_t>(fd);
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void EventLoop::Forget(int fd) {
  auto index = static_cast<size_t>(fd);
  if (fd < 0 || index >= slots_.size() || !slots_[index].watcher) return;
  slots_[index].watcher = nullptr;
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void EventLoop::Turn() {
  epoll_event events[16];
  int count = RawEpollWait(epoll_.get(), events, 16, TimeLeft());
  for (int i = 0; i < count; i++) {
    auto fd = static_cast<int>(events[i].data.u64 & 0x7fffffff);
    auto generation = static_cast<uint32_t>(events[i].data.u64 >> 32);
    Slot& slot = slots_[static_cast<size_t>(fd)];
    if (slot.watcher && slot.generation == generation) slot.watcher->OnReady(fd, events[i].events);
  }
  CallDue();
}

// In ms, as epoll_wait(2) wants it: never too short, which would make it turn for nothing.
int EventLoop::TimeLeft() const {
  if (timers_.empty()) return -1;
  const int64_t left = (*std::ranges::min_element(timers_, {}, &Timer::due_))->due_ - MonotonicNs();
  return static_cast<int>(std::clamp<int64_t>((left + 999'999) / 1'000'000, 0, INT_MAX));
}

void EventLoop::CallDue() {
  if (timers_.empty()) return;
  // Each call may arm and disarm any of them.
  for (const int64_t now = MonotonicNs();;) {
    auto due = std::ranges::find_if(timers_, [now](const Timer* timer) { return timer->due_ <= now; });
    if (due == timers_.end()) return;
    Timer* timer = *due;
    timers_.erase(due);
    timer->call_();
  }
}

}  // namespace dockerlite
