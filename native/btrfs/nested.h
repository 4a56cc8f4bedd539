// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sys/result.h"

namespace dockerlite::btrfs {

// A subvolume inside another one. Guests can make them without any privilege.
struct Nested {
  uint64_t id = 0;
  uint64_t parent_id = 0;     // the subvolume it is in
  uint64_t directory_id = 0;  // inode of the directory in that one
  std::string name;
};

// All subvolumes below the one with `id`, parents before children. `fd`: anything on the file system. Root only.
Result<std::vector<Nested>> ListNested(int fd, uint64_t id, const std::string& path);

// Path of a directory inside its subvolume, without a leading or trailing slash; however long it is.
Result<std::string> DirectoryPath(int fd, uint64_t subvolume, uint64_t directory, const std::string& path);

// Paths relative to the subvolume at `path`, parents before children.
Result<std::vector<std::string>> NestedPaths(const std::string& path);

}  // namespace dockerlite::btrfs
