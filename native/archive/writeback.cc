// SPDX-License-Identifier: Apache-2.0
#include "archive/writeback.h"

#include <fcntl.h>

#include <utility>

namespace dockerlite::tree {
namespace {

constexpr size_t kMostWaiting = 256;

}  // namespace

Writeback::Writeback() : thread_([this] { run(); }) {}

Writeback::~Writeback() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    waiting_.clear();
  }
  changed_.notify_one();
  thread_.join();
}

void Writeback::take(UniqueFd file) {
  std::lock_guard lock(mutex_);
  if (waiting_.size() >= kMostWaiting) return;
  waiting_.push_back(std::move(file));
  changed_.notify_one();
}

void Writeback::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return closed_ || !waiting_.empty(); });
    if (closed_) return;
    UniqueFd file = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    // A failure is found again by the commit, whose caller is told.
    ::sync_file_range(file.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
    file.reset();
    lock.lock();
  }
}

}  // namespace dockerlite::tree
