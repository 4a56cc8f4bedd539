// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "sys/result.h"

namespace dockerlite {

struct MountPoints {
  std::vector<std::string> directories;
  std::vector<std::string> files;
};

// Makes those that are missing in the untrusted tree at `root`, with their parents; what exists, of
// whatever type, is left alone. Nothing outside the tree is touched: symbolic links, to nothing too, are
// followed as if `root` were "/". True when anything was made.
Result<bool> MakeMountPoints(const std::string& root, const MountPoints& points);

// What these paths are with every symbolic link in them followed, relative to `root`. They must be there.
Result<std::vector<std::string>> RealPaths(const std::string& root, const std::vector<std::string>& points);

// Those that are not there.
Result<std::vector<std::string>> MissingMountPoints(const std::string& root, const MountPoints& points);

}  // namespace dockerlite
