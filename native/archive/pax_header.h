// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "archive/data_regions.h"
#include "archive/tree_writer.h"

namespace dockerlite::tree {

// One archive entry. `type` is tar's: '0' file, '1' hard link, '2' symbolic link, '3' '4' devices, '5' directory, '6' FIFO.
struct PaxEntry {
  char type = '0';
  std::string name;
  std::string link;
  Meta meta;
  int64_t size = 0;             // of the content, holes included
  std::vector<Region> regions;  // of a sparse file; empty and not `sparse`: all of it is data
  bool sparse = false;
};

// The blocks that come before an entry's content: PAX records only where ustar cannot say it, then the header, then a
// sparse file's map (GNU format 1.0). Written here rather than by libarchive, whose output depends on its version and
// locale: the same tree gives the same bytes, and so the same digest, everywhere.
std::string paxHeader(const PaxEntry& entry);

}  // namespace dockerlite::tree
