// SPDX-License-Identifier: Apache-2.0
#include "btrfs/subvolume.h"

#include <linux/btrfs.h>
#include <linux/fs.h>
#include <linux/btrfs_tree.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include <cstring>

#include "sys/syscalls.h"

namespace dockerlite::btrfs {
namespace {

static_assert(sizeof(btrfs_ioctl_vol_args_v2) == 4096);
static_assert(sizeof(btrfs_ioctl_get_subvol_info_args) == 504);

std::string Hex(const __u8 (&uuid)[BTRFS_UUID_SIZE]) {
  static const char digits[] = "0123456789abcdef";
  std::string text;
  bool any = false;
  for (__u8 byte : uuid) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
    any |= byte != 0;
  }
  return any ? text : std::string();
}

// `name` has passed CheckName, so it fits with its NUL.
void SetName(btrfs_ioctl_vol_args_v2& args, const std::string& name) {
  std::memcpy(args.name, name.c_str(), name.size() + 1);
}

}  // namespace

Status CreateSubvolume(const std::string& parent, const std::string& name) {
  static const char call[] = "ioctl(BTRFS_IOC_SUBVOL_CREATE_V2)";
  if (Status valid = CheckName(name, call); !valid) return valid;
  Result<UniqueFd> directory = OpenDirectoryFollowing(parent);
  if (!directory) return directory.error();
  btrfs_ioctl_vol_args_v2 args = {};
  SetName(args, name);
  if (ioctl(directory.value().get(), BTRFS_IOC_SUBVOL_CREATE_V2, &args) == 0) return Nothing{};
  return Error::last(call, parent + "/" + name);
}

Status CreateSnapshotAt(int source, int directory, const std::string& parent, const std::string& name, bool readonly) {
  static const char call[] = "ioctl(BTRFS_IOC_SNAP_CREATE_V2)";
  if (Status valid = CheckName(name, call); !valid) return valid;
  btrfs_ioctl_vol_args_v2 args = {};
  args.fd = source;
  args.flags = readonly ? BTRFS_SUBVOL_RDONLY : 0;
  SetName(args, name);
  if (ioctl(directory, BTRFS_IOC_SNAP_CREATE_V2, &args) == 0) return Nothing{};
  return Error::last(call, parent + "/" + name);
}

Status CreateSnapshot(const std::string& source, const std::string& parent, const std::string& name, bool readonly) {
  Result<UniqueFd> from = OpenDirectory(source);
  if (!from) return from.error();
  Result<UniqueFd> directory = OpenDirectory(parent);
  if (!directory) return directory.error();
  return CreateSnapshotAt(from.value().get(), directory.value().get(), parent, name, readonly);
}

Status CheckSubvolume(int fd, const std::string& path) {
  struct stat status = {};
  if (fstat(fd, &status) != 0) return Error::last("fstat", path);
  struct statfs system = {};
  if (fstatfs(fd, &system) != 0) return Error::last("fstatfs", path);
  if (system.f_type != BTRFS_SUPER_MAGIC) return Error{ENOTTY, "fstatfs", path, "not on a btrfs file system"};
  // The root directory of every subvolume has the same inode number.
  if (status.st_ino != BTRFS_FIRST_FREE_OBJECTID) return Error{EINVAL, "fstat", path, "not a subvolume"};
  return Nothing{};
}

Result<uint64_t> SubvolumeId(int fd, const std::string& path) {
  btrfs_ioctl_ino_lookup_args args = {};
  args.objectid = BTRFS_FIRST_FREE_OBJECTID;
  if (ioctl(fd, BTRFS_IOC_INO_LOOKUP, &args) != 0) return Error::last("ioctl(BTRFS_IOC_INO_LOOKUP)", path);
  return static_cast<uint64_t>(args.treeid);
}

Result<SubvolumeInfo> GetSubvolumeInfo(const std::string& path) {
  Result<UniqueFd> fd = OpenDirectory(path);
  if (!fd) return fd.error();
  if (Status is = CheckSubvolume(fd.value().get(), path); !is) return is.error();
  btrfs_ioctl_get_subvol_info_args args = {};
  // Some kernels return 1 and a full answer.
  if (ioctl(fd.value().get(), BTRFS_IOC_GET_SUBVOL_INFO, &args) < 0)
    return Error::last("ioctl(BTRFS_IOC_GET_SUBVOL_INFO)", path);
  SubvolumeInfo info;
  info.id = args.treeid;
  info.parent_id = args.parent_id;
  info.generation = args.generation;
  info.origin_generation = args.otransid;
  info.readonly = (args.flags & BTRFS_ROOT_SUBVOL_RDONLY) != 0;
  info.uuid = Hex(args.uuid);
  info.parent_uuid = Hex(args.parent_uuid);
  return info;
}

Result<bool> IsReadonly(int subvolume, const std::string& path) {
  __u64 flags = 0;
  if (ioctl(subvolume, BTRFS_IOC_SUBVOL_GETFLAGS, &flags) != 0)
    return Error::last("ioctl(BTRFS_IOC_SUBVOL_GETFLAGS)", path);
  return (flags & BTRFS_SUBVOL_RDONLY) != 0;
}

Status SetReadonlyAt(int subvolume, const std::string& path, bool readonly) {
  __u64 flags = readonly ? BTRFS_SUBVOL_RDONLY : 0;
  if (ioctl(subvolume, BTRFS_IOC_SUBVOL_SETFLAGS, &flags) == 0) return Nothing{};
  return Error::last("ioctl(BTRFS_IOC_SUBVOL_SETFLAGS)", path);
}

Status SetReadonly(const std::string& path, bool readonly) {
  Result<UniqueFd> fd = OpenDirectory(path);
  if (!fd) return fd.error();
  if (Status is = CheckSubvolume(fd.value().get(), path); !is) return is;
  Result<bool> now = IsReadonly(fd.value().get(), path);
  if (!now) return now.error();
  if (now.value() == readonly) return Nothing{};
  return SetReadonlyAt(fd.value().get(), path, readonly);
}

Status DisableCopyOnWrite(const std::string& directory) {
  Result<UniqueFd> fd = OpenDirectoryFollowing(directory);
  if (!fd) return fd.error();
  int flags = 0;
  if (ioctl(fd.value().get(), FS_IOC_GETFLAGS, &flags) != 0) return Error::last("ioctl(FS_IOC_GETFLAGS)", directory);
  flags |= FS_NOCOW_FL;
  if (ioctl(fd.value().get(), FS_IOC_SETFLAGS, &flags) != 0) return Error::last("ioctl(FS_IOC_SETFLAGS)", directory);
  return Nothing{};
}

Status Sync(const std::string& path) {
  Result<UniqueFd> fd = OpenDirectoryFollowing(path);
  if (!fd) return fd.error();
  if (ioctl(fd.value().get(), BTRFS_IOC_SYNC, nullptr) == 0) return Nothing{};
  return Error::last("ioctl(BTRFS_IOC_SYNC)", path);
}

}  // namespace dockerlite::btrfs
