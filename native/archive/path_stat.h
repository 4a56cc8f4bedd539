// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <string>

#include "sys/result.h"

namespace dockerlite::tree {

struct PathStat {
  std::string name;
  struct stat st;
  std::string linkTarget;
};

// lstat(2) of a path inside an untrusted root.
Result<PathStat> statInRoot(const std::string& root, const std::string& path);

}  // namespace dockerlite::tree
