// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sys/result.h"
#include "sys/unique_fd.h"

namespace dockerlite::btrfs {

struct SubvolumeInfo {
  uint64_t id = 0;
  uint64_t parent_id = 0;
  uint64_t generation = 0;
  uint64_t origin_generation = 0;
  bool readonly = false;
  std::string uuid;
  std::string parent_uuid;
};

Status CreateSubvolume(const std::string& parent, const std::string& name);

// `path` of an error is where the snapshot was to be.
Status CreateSnapshot(const std::string& source, const std::string& parent, const std::string& name, bool readonly);

// The same on descriptors, for callers that make many. `parent` names the directory in errors.
Status CreateSnapshotAt(int source, int directory, const std::string& parent, const std::string& name, bool readonly);

Result<SubvolumeInfo> GetSubvolumeInfo(const std::string& path);
Status SetReadonly(const std::string& path, bool readonly);
Result<bool> IsReadonly(int subvolume, const std::string& path);
Status SetReadonlyAt(int subvolume, const std::string& path, bool readonly);

// EINVAL unless the descriptor is the root directory of a subvolume, ENOTTY unless it is on btrfs.
Status CheckSubvolume(int fd, const std::string& path);

// Tree id of the subvolume that the descriptor is in.
Result<uint64_t> SubvolumeId(int fd, const std::string& path);

Status Sync(const std::string& path);

// Files made in this directory from now on are overwritten in place (FS_NOCOW_FL, ioctl_iflags(2)).
Status DisableCopyOnWrite(const std::string& directory);

// Succeeds as well when there is no such subvolume (any more).
Status DeleteSubvolume(const std::string& parent, const std::string& name);

// The same, then the directory it was in with the files beside it.
Status DeleteSubvolumeAndParent(const std::string& parent, const std::string& name);

}  // namespace dockerlite::btrfs
