// SPDX-License-Identifier: Apache-2.0
#include "btrfs/default_subvolume.h"

#include <endian.h>
#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>
#include <sys/ioctl.h>

#include <cstring>

#include "btrfs/tree_search.h"

namespace dockerlite::btrfs {
namespace {

static_assert(sizeof(btrfs_dir_item) == 30);

constexpr std::string_view kDefault = "default";

}  // namespace

// It is kept as a directory entry with this name in a directory of the root tree that nobody can open.
Result<uint64_t> DefaultSubvolume(int fd, const std::string& path) {
  uint64_t id = BTRFS_FS_TREE_OBJECTID;
  const TreeRange entries = {BTRFS_ROOT_TREE_OBJECTID, BTRFS_ROOT_TREE_DIR_OBJECTID, BTRFS_DIR_ITEM_KEY};
  Status searched = SearchTree(fd, entries, path, [&](uint64_t, const char* item, size_t size) {
    btrfs_dir_item entry;
    if (size < sizeof entry + kDefault.size()) return;
    std::memcpy(&entry, item, sizeof entry);
    if (std::string_view(item + sizeof entry, size - sizeof entry).starts_with(kDefault) &&
        le16toh(entry.name_len) == kDefault.size())
      id = le64toh(entry.location.objectid);
  });
  if (!searched) return searched.error();
  return id;
}

Status ResetDefaultSubvolume(int fd, const std::string& path) {
  __u64 id = BTRFS_FS_TREE_OBJECTID;
  if (ioctl(fd, BTRFS_IOC_DEFAULT_SUBVOL, &id) == 0) return Nothing{};
  return Error::last("ioctl(BTRFS_IOC_DEFAULT_SUBVOL)", path);
}

}  // namespace dockerlite::btrfs
