// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "sys/unique_fd.h"

namespace dockerlite::tree {

// Has files that are full written to the disk, and closes them, on a thread of its own. Nobody waits for that; but the commit
// that follows finds most of it done, where it would begin with everything and leave the processors idle meanwhile.
class Writeback {
 public:
  Writeback();
  ~Writeback();
  Writeback(const Writeback&) = delete;
  Writeback& operator=(const Writeback&) = delete;

  // When too many wait already the file is only closed.
  void take(UniqueFd file);

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<UniqueFd> waiting_;
  bool closed_ = false;
  std::thread thread_;
};

}  // namespace dockerlite::tree
