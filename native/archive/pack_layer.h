// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>

#include "archive/abort.h"
#include "archive/fd_stream.h"
#include "archive/pack.h"
#include "sys/result.h"

namespace dockerlite::tree {

// Paths (clean) that may differ from the tree below.
struct LayerChanges {
  std::set<std::string> touched;
  // These with everything below them: nothing more is said of what moved along.
  std::set<std::string> moved;
};

// Writes the difference between two trees, of which one began as a snapshot of the other, as an image's layer: what is
// new or other with the directories above it, and whiteouts for what is gone. The same trees give the same bytes.
Result<Count> packLayer(const std::string& below, const std::string& root, const LayerChanges& changes, ArchiveEnd target,
                        Abort& abort);

}  // namespace dockerlite::tree
