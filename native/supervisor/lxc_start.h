// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sys/result.h"

struct lxc_container;

namespace dockerlite {

// liblxc's start() of one container, on this thread. liblxc refuses to start with more than one thread (it clones
// without taking malloc's locks) and then waits in epoll_wait(2) until the container's init has died. The executable
// exports an epoll_wait of its own: there, in liblxc's place, the supervisor serves its clients. So one thread does
// everything, and none can hold a lock while liblxc clones.
class LxcStart {
 public:
  // Called whenever liblxc waits; returns when `epoll` has something for it. The container's init is running the shim
  // by the first call.
  using Serve = std::function<void(int epoll)>;

  // `payloadGroup`: name of the container's control group, below liblxc's base in each hierarchy; `delegates`: what is in the
  // container may change it.
  LxcStart(const std::string& name, const std::string& lxcPath, std::string payloadGroup, std::string logFile, bool delegates);
  ~LxcStart();

  Status Configure(const std::vector<std::string>& items);
  // Returns when the container has been cleaned up after. The status of its init, as waitpid(2) gives it, unless liblxc
  // failed before it could wait for that.
  std::optional<int> Run(const char* shim, int link, Serve serve);
  // The messages liblxc logged as errors, oldest first.
  std::vector<std::string> LogLines() const;

 private:
  Status Set(const std::string& key, const std::string& value);

  lxc_container* container_ = nullptr;
  std::string payloadGroup_;
  std::string logFile_;
  bool delegates_;
};

}  // namespace dockerlite
