// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "sys/result.h"
#include "sys/unique_fd.h"

namespace dockerlite::tree {

// A tree nobody trusts: every path below it is resolved by the kernel as if it were `/`
// (openat2, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS), so no link in it leads out.
class RootDir {
 public:
  static Result<RootDir> open(const std::string& path);
  // `path` is relative to the root, "" is the root. Errors name `path`.
  Result<UniqueFd> openIn(const std::string& path, int flags) const;

 private:
  explicit RootDir(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

// Names in the directory open on `fd`, without `.` and `..`, in byte order.
Result<std::vector<std::string>> listDirectory(int fd);

// Opens what an O_PATH descriptor stands for, without looking its name up again.
Result<UniqueFd> reopen(int fd, int flags);

std::string procPath(int fd);

}  // namespace dockerlite::tree
