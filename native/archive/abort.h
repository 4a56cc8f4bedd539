// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/eventfd.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "sys/result.h"
#include "sys/unique_fd.h"

namespace dockerlite::tree {

// Lets another thread stop a job, by a flag for loops and a descriptor for poll(2), see how far it has come, and tell it that
// its source has grown. (inotify would tell it too, but to close that waits until all processors have passed by: 10 to 20 ms.)
class Abort {
 public:
  Abort() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

  void trigger() {
    triggered_.store(true, std::memory_order_relaxed);
    if (event_) ::eventfd_write(event_.get(), 1);
    grown();
  }
  bool triggered() const { return triggered_.load(std::memory_order_relaxed); }
  // -1 (which poll ignores) when the machine is out of descriptors: the flag still works.
  int fd() const { return event_.get(); }

  void advance(uint64_t bytes) { progress_.fetch_add(bytes, std::memory_order_relaxed); }
  uint64_t progress() const { return progress_.load(std::memory_order_relaxed); }

  void grown() {
    { std::lock_guard lock(mutex_); growth_++; }
    changed_.notify_all();
  }
  // Of the source so far, in no particular unit. Ask for it before reading, so that no growth is missed.
  uint64_t growth() {
    std::lock_guard lock(mutex_);
    return growth_;
  }
  // Until it has grown since, or the job is to stop.
  void waitForGrowth(uint64_t since) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return growth_ != since; });
  }

  static Error error() { return Error{ECANCELED, "abort", {}, "the operation was aborted"}; }

 private:
  UniqueFd event_;
  std::atomic<bool> triggered_{false};
  std::atomic<uint64_t> progress_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t growth_ = 0;
};

}  // namespace dockerlite::tree
