// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/eventfd.h>

#include <atomic>
#include <cstdint>

#include "sys/result.h"
#include "sys/unique_fd.h"

namespace dockerlite::tree {

// Lets another thread stop a job, by a flag for loops and a descriptor for poll(2), and see how far it has come.
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

  void advance(uint64_t bytes) { progress_.fetch_add(bytes, std::memory_order_relaxed); }
  uint64_t progress() const { return progress_.load(std::memory_order_relaxed); }

  static Error error() { return Error{ECANCELED, "abort", {}, "the operation was aborted"}; }

 private:
  UniqueFd event_;
  std::atomic<bool> triggered_{false};
  std::atomic<uint64_t> progress_{0};
};

}  // namespace dockerlite::tree
