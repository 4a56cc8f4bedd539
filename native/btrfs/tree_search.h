// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "sys/result.h"

namespace dockerlite::btrfs {

// The items of one object and type in one of the file system's trees.
struct TreeRange {
  uint64_t tree;
  uint64_t object;
  uint32_t type;
  uint32_t most = UINT32_MAX;  // items wanted
};

// Called with the offset of an item's key, and the item.
using TreeVisit = std::function<void(uint64_t, const char*, size_t)>;

// Visits them in order of offset. `fd`: anything on the file system. Root only.
Status SearchTree(int fd, const TreeRange& range, const std::string& path, const TreeVisit& visit);

}  // namespace dockerlite::btrfs
