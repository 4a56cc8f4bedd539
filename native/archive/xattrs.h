// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "sys/result.h"

namespace dockerlite::tree {

struct Xattr {
  std::string name;
  std::string value;
};

// In archives an attribute's name ends at `=`: GNU tar writes %3D for that, and %25 for `%`.
std::string escapeXattrName(const std::string& name);
std::string unescapeXattrName(const std::string& escaped);

// All attributes but the file system's own (btrfs.*), by name. `fd` may be an O_PATH descriptor.
Result<std::vector<Xattr>> readXattrs(int fd);

// An attribute the file system has no place for is left out, unless losing it would change what a
// program may do (security.capability).
Status writeXattr(int fd, const Xattr& attribute);

}  // namespace dockerlite::tree
