// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "sys/result.h"

namespace dockerlite::tree {

struct Region {
  int64_t offset;
  int64_t size;
};

// Where in the first `size` bytes of a file there is data; the rest is holes. One region is a file without holes.
Result<std::vector<Region>> dataRegions(int fd, int64_t size);

}  // namespace dockerlite::tree
