// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sys/result.h"
#include "sys/unique_fd.h"

namespace dockerlite {

// The directory of a running container in /run: control socket, liblxc's log, state file. Holding its lock is being the
// container's supervisor.
class RunDir {
 public:
  // EBUSY when another supervisor has it.
  static Result<RunDir> Claim(const std::string& path);
  // Listening on `ctl`, mode 0600; once.
  UniqueFd TakeListener() { return std::move(listener_); }
  std::string file(const char* name) const { return path_ + "/" + name; }
  // It was not there before, hence nothing of an earlier run: the directory is the last thing that goes.
  bool isNew() const { return isNew_; }
  // With the files in it.
  void Remove();

 private:
  RunDir(std::string path, UniqueFd fd, bool isNew) : path_(std::move(path)), fd_(std::move(fd)), isNew_(isNew) {}
  Status Listen();

  std::string path_;
  UniqueFd fd_, listener_;
  bool isNew_;
};

Status WriteText(const std::string& path, const std::string& text, uid_t user = 0, gid_t group = 0);

// Writes through a temporary file and rename(2).
Status WriteAtomically(const std::string& path, const std::string& text);

}  // namespace dockerlite
