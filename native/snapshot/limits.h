// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace dockerlite::snapshot {

// What a stream may make. A few bytes of it can ask for a lot: clones, holes, files that are all reserved space.
struct Limits {
  uint64_t bytes = uint64_t{1} << 40;   // written, copied, reserved
  uint64_t cloned = uint64_t{1} << 40;  // shared with what is there
  uint64_t entries = 5'000'000;
  uint64_t file_size = uint64_t{1} << 44;
};

struct Applied {
  uint64_t bytes = 0;
  uint64_t cloned = 0;
  uint64_t entries = 0;
};

}  // namespace dockerlite::snapshot
