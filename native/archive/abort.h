// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/eventfd.h>

#include <atomic>

#include "sys/result.h"
#include "sys/unique_fd.h"

namespace dockerlite::tree {

// Lets another thread stop a job: a flag for loops, a descriptor for poll(2).
class Abort {
 public:
  Abort() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

  void trigger() {
    triggered_.store(true, std::memory_order_relaxed);
    if (event_) ::eventfd_write(event_.get(), 1);
  }
  bool triggered() const { return triggered_.load(std::memory_order_relaxed); }
  // -1 (which poll ignores) when the machine is out of descriptors: the flag still works.
  int fd() const { return event_.get(); }

  static Error error() { return Error{ECANCELED, "abort", {}, "the operation was aborted"}; }

 private:
  UniqueFd event_;
  std::atomic<bool> triggered_{false};
};

}  // namespace dockerlite::tree
