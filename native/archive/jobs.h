// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include "archive/abort.h"

namespace dockerlite::tree {

// What runs on behalf of one JavaScript environment, by the number its caller chose (0: nobody will ask for it).
class Jobs {
 public:
  std::shared_ptr<Abort> start(uint32_t id, std::shared_ptr<Abort> abort = std::make_shared<Abort>()) {
    std::lock_guard lock(mutex_);
    jobs_.emplace(id, abort);
    return abort;
  }
  void cancel(uint32_t id) {
    std::lock_guard lock(mutex_);
    for (auto [at, end] = jobs_.equal_range(id); at != end; ++at) at->second->trigger();
  }
  uint64_t progress(uint32_t id) {
    std::lock_guard lock(mutex_);
    auto job = jobs_.find(id);
    return job == jobs_.end() ? 0 : job->second->progress();
  }
  void cancelAll() {
    std::lock_guard lock(mutex_);
    for (auto& [id, abort] : jobs_) abort->trigger();
  }
  void finished(uint32_t id, const std::shared_ptr<Abort>& abort) {
    std::lock_guard lock(mutex_);
    for (auto [at, end] = jobs_.equal_range(id); at != end; ++at) {
      if (at->second != abort) continue;
      jobs_.erase(at);
      return;
    }
  }

 private:
  std::mutex mutex_;
  std::multimap<uint32_t, std::shared_ptr<Abort>> jobs_;
};

}  // namespace dockerlite::tree
