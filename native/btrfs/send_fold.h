// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "btrfs/send_tree.h"

namespace dockerlite::btrfs {

enum class ChangeKind { kAdded, kChanged, kDeleted, kRenamed };

struct Change {
  ChangeKind kind;
  std::string path;  // in the new tree; of what was deleted: in the old one
  std::string from;  // path in the old tree of what was renamed or changed

  // When not `certain`: of kChanged, only if the old file has another time or other capabilities than
  // these; of kDeleted, only if it is not in the new tree but its directory is.
  bool certain = true;
  std::optional<SendTime> modified;
  std::optional<std::string> capabilities;

  // It is the inode that changed, not what its name is given to. Its other names changed too, and the
  // same name may be listed as renamed.
  bool inode = false;
};

// What the difference between the trees is, in tree order:
// - a path that was deleted and made again is changed, whatever it is now (as Docker has it);
// - what was in a deleted directory is not listed, nor what was in a directory that is now something else;
// - what moved because a directory above it was renamed is not listed;
// - where one that was renamed replaces another, the other is not listed.
std::vector<Change> FoldChanges(const SendTree& tree);

// By path, a directory before what is in it and both before its sibling "name-x".
void SortChanges(std::vector<Change>& changes);

}  // namespace dockerlite::btrfs
