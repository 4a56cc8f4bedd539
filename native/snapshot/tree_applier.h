// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <time.h>

#include <array>
#include <functional>
#include <memory>
#include <string>

#include "btrfs/send_stream.h"
#include "snapshot/confined_tree.h"
#include "snapshot/file_data.h"
#include "snapshot/limits.h"
#include "sys/result.h"
#include "sys/unique_fd.h"

namespace dockerlite::snapshot {

// Does to a subvolume what a send stream says was done: an empty one, or a snapshot of the parent that the stream is the
// difference to. Nothing outside the subvolume is touched, and only that parent is read, whatever the stream says.
// A stream that does not fit the tree is an error of "receive"; the subvolume is then to be thrown away.
class TreeApplier {
 public:
  // `parent` is the parent's own tree, or no descriptor for a stream without one.
  TreeApplier(UniqueFd root, UniqueFd parent, const Limits& limits, std::function<bool()> stop);

  Status Apply(const btrfs::SendCommand& command);

  const Applied& applied() const { return applied_; }

 private:
  Status Begin(const btrfs::SendCommand& command);
  Status End();
  Status Dispatch(const btrfs::SendCommand& command);
  Status Make(const btrfs::SendCommand& command);
  Status Link(const btrfs::SendCommand& command);
  Status Rename(const btrfs::SendCommand& command);
  Status Remove(const btrfs::SendCommand& command);
  Status SetXattr(const btrfs::SendCommand& command);
  Status RemoveXattr(const btrfs::SendCommand& command);
  Status Chmod(const btrfs::SendCommand& command);
  Status Chown(const btrfs::SendCommand& command);
  Status SetTimes(const btrfs::SendCommand& command);

  Limits limits_;
  Applied applied_;
  ConfinedTree tree_;
  std::unique_ptr<ConfinedTree> parent_;
  FileData data_;
  bool begun_ = false;
  // Accessed and modified.
  std::array<timespec, 2> root_times_ = {};
};

}  // namespace dockerlite::snapshot
