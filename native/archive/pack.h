// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "archive/abort.h"
#include "archive/fd_stream.h"
#include "sys/result.h"

namespace dockerlite::tree {

struct PackOptions {
  std::string from;  // clean; "" is the root
  std::optional<std::string> rename;
  bool followLink = false;
  std::vector<std::string> exclude;  // clean
};

struct Count {
  uint64_t entries = 0;
  uint64_t bytes = 0;  // of file content
};

// Writes a tree as PAX tar. A file that changes meanwhile is cut or padded to the size announced.
Result<Count> pack(const std::string& root, ArchiveEnd target, const PackOptions& options, Abort& abort);

}  // namespace dockerlite::tree
