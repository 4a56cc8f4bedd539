// SPDX-License-Identifier: Apache-2.0
#include "archive/data_regions.h"

#include <unistd.h>

#include <algorithm>

namespace dockerlite::tree {

Result<std::vector<Region>> dataRegions(int fd, int64_t size) {
  std::vector<Region> regions;
  for (int64_t at = 0; at < size;) {
    int64_t data = ::lseek(fd, at, SEEK_DATA);
    if (data < 0 && errno == ENXIO) break;  // nothing but a hole
    if (data < 0 && errno == EINVAL) return std::vector<Region>{{0, size}};  // cannot tell
    if (data < 0) return Error::last("lseek(SEEK_DATA)");
    if (data >= size) break;
    int64_t hole = ::lseek(fd, data, SEEK_HOLE);
    // ENXIO: the file shrank in between.
    if (hole < 0 && errno != ENXIO) return Error::last("lseek(SEEK_HOLE)");
    at = hole < 0 ? size : std::min(hole, size);
    regions.push_back({data, at - data});
  }
  return regions;
}

}  // namespace dockerlite::tree
