// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <vector>

#include "sys/unique_fd.h"

namespace dockerlite {

// Who is told that a descriptor is ready.
class Watcher {
 public:
  virtual ~Watcher() = default;
  virtual void OnReady(int fd, uint32_t events) = 0;
};

class Timer;

// One epoll instance, and timers. A watcher may remove any descriptor, its own too, while it is being told.
class EventLoop {
 public:
  EventLoop();
  // False where epoll cannot watch it (a regular file): such a descriptor is always ready.
  bool Watch(int fd, uint32_t events, Watcher* watcher);
  void Change(int fd, uint32_t events);
  void Forget(int fd);
  // Waits once, and tells the watchers and the timers that are due.
  void Turn();

 private:
  friend class Timer;
  struct Slot {
    Watcher* watcher = nullptr;
    uint32_t generation = 0;
  };

  int TimeLeft() const;
  void CallDue();

  UniqueFd epoll_;
  std::vector<Slot> slots_;     // indexed by descriptor
  std::vector<Timer*> timers_;  // those that are armed
};

// The real epoll_wait(2): the supervisor's own symbol of that name is what liblxc calls, see lxc_mainloop.h.
int RawEpollWait(int epoll, epoll_event* events, int capacity, int timeout);

}  // namespace dockerlite
