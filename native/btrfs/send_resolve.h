// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "btrfs/send_fold.h"

namespace dockerlite::btrfs {

// Asks the two trees what the stream does not tell: drops changes that are none, and adds the other
// names of changed files that have several. Descriptors: the roots of both snapshots.
std::vector<Change> ResolveChanges(std::vector<Change> changes, int old_tree, int new_tree);

}  // namespace dockerlite::btrfs
