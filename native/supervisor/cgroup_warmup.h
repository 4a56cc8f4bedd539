// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pthread.h>

namespace dockerlite {

// Moving a process between control groups takes a lock that waits 8-12 ms for RCU, unless somebody else took it a moment
// ago. liblxc moves what it starts in every start. Moving this process first, from a thread of its own while the container is
// still being created, has that wait over by then: measured, 8 of 22 ms of a start. At first it goes to the supervisors' group,
// where what it forks is born, so that liblxc need not move that; afterwards to where it is already.
class CgroupWarmup {
 public:
  ~CgroupWarmup() { Finish(); }
  void Begin();
  // Before liblxc starts in this process, which must have one thread then. What is waited for here, it need not wait for.
  void Finish();
  // In a forked child there is no thread to wait for.
  void Abandon() { running_ = false; }

 private:
  static void* Move(void* self);

  pthread_t thread_{};
  bool running_ = false;
  bool joined_ = false;  // the thread's own
  bool done_ = false;    // set by the thread, atomically
};

}  // namespace dockerlite
