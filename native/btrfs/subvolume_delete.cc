// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cstring>

#include "btrfs/default_subvolume.h"
#include "btrfs/nested.h"
#include "btrfs/subvolume.h"
#include "sys/remove_files.h"
#include "sys/syscalls.h"

// A tree may hold subvolumes that its guest made, read-only ones and, if it was allowed to, immutable
// directories; all of them keep a subvolume from being deleted. Nested ones are addressed by their
// ids and directories by file handles made of ids, never by a path: nothing in a hostile tree
// (symbolic links, mounts, depth) can lead elsewhere.
namespace dockerlite::btrfs {
namespace {

constexpr char kDestroy[] = "ioctl(BTRFS_IOC_SNAP_DESTROY_V2)";

// include/linux/exportfs.h and fs/btrfs/export.h: the file handle of an inode without its parent.
constexpr int kHandleType = 0x4d;
struct HandleBytes {
  uint64_t inode;
  uint64_t subvolume;
  uint32_t generation;  // 0: any
} __attribute__((packed));
static_assert(sizeof(HandleBytes) == 20);

Result<UniqueFd> OpenById(int fd, uint64_t subvolume, uint64_t inode, const std::string& path) {
  alignas(file_handle) char memory[sizeof(file_handle) + sizeof(HandleBytes)] = {};
  auto* handle = reinterpret_cast<file_handle*>(memory);
  handle->handle_bytes = sizeof(HandleBytes);
  handle->handle_type = kHandleType;
  const HandleBytes bytes = {inode, subvolume, 0};
  std::memcpy(memory + offsetof(file_handle, f_handle), &bytes, sizeof bytes);
  UniqueFd opened(open_by_handle_at(fd, handle, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened) return Error::last("open_by_handle_at", path);
  return opened;
}

Status DestroyByName(int directory, const std::string& name, const std::string& path) {
  btrfs_ioctl_vol_args_v2 args = {};
  if (name.size() >= sizeof args.name) return Error{ENAMETOOLONG, kDestroy, path, {}};
  std::memcpy(args.name, name.c_str(), name.size() + 1);
  if (ioctl(directory, BTRFS_IOC_SNAP_DESTROY_V2, &args) == 0) return Nothing{};
  return Error::last(kDestroy, path);
}

Status DestroyById(int fd, uint64_t id, const std::string& path) {
  btrfs_ioctl_vol_args_v2 args = {};
  args.flags = BTRFS_SUBVOL_SPEC_BY_ID;
  args.subvolid = id;
  if (ioctl(fd, BTRFS_IOC_SNAP_DESTROY_V2, &args) == 0) return Nothing{};
  return Error::last(kDestroy, path);
}

// Best effort: whether it was enough is said by the deletion that follows.
void ClearImmutable(int directory) {
  int flags = 0;
  if (ioctl(directory, FS_IOC_GETFLAGS, &flags) != 0 || (flags & (FS_IMMUTABLE_FL | FS_APPEND_FL)) == 0) return;
  flags &= ~(FS_IMMUTABLE_FL | FS_APPEND_FL);
  static_cast<void>(ioctl(directory, FS_IOC_SETFLAGS, &flags));
}

// Makes the root directory of a subvolume (and, with it writable, the flags in it) changeable.
void MakeWritable(int subvolume, const std::string& path) {
  Result<bool> readonly = IsReadonly(subvolume, path);
  if (readonly && readonly.value()) static_cast<void>(SetReadonlyAt(subvolume, path, false));
}

// A privileged guest may have made one of its own subvolumes what is mounted by default, which nobody can then delete.
// What it was before is not known: the file system's top level, as mkfs makes it, takes its place.
void ReleaseDefault(int fd, uint64_t id, const std::vector<Nested>& inside, const std::string& path) {
  Result<uint64_t> now = DefaultSubvolume(fd, path);
  if (!now) return;
  const bool ours = now.value() == id || std::ranges::any_of(inside, [&](auto& one) { return one.id == now.value(); });
  if (ours) static_cast<void>(ResetDefaultSubvolume(fd, path));
}

Status DeleteNested(int fd, const Nested& nested, const std::string& path) {
  Status done = DestroyById(fd, nested.id, path);
  if (done || done.error().code == ENOENT) return Nothing{};
  // Something is in the way: EROFS (the subvolume it is in is read-only), EPERM (an immutable or
  // append-only directory), ENAMETOOLONG (its path is too long for the kernel's look-up by id).
  Result<UniqueFd> own = OpenById(fd, nested.id, BTRFS_FIRST_FREE_OBJECTID, path);
  if (!own) return done;
  Result<UniqueFd> outer = OpenById(fd, nested.parent_id, BTRFS_FIRST_FREE_OBJECTID, path);
  if (!outer) return done;
  Result<UniqueFd> directory = OpenById(fd, nested.parent_id, nested.directory_id, path);
  if (!directory) return done;
  MakeWritable(outer.value().get(), path);
  ClearImmutable(directory.value().get());
  MakeWritable(own.value().get(), path);
  ClearImmutable(own.value().get());
  done = DestroyByName(directory.value().get(), nested.name, path);
  if (done || done.error().code == ENOENT) return Nothing{};
  return done;
}

Status DeleteWithContent(int directory, const std::string& name, const std::string& path, const Error& first) {
  Result<UniqueFd> fd = OpenAt2(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
  if (!fd) return fd.error().code == ENOENT ? Status(Nothing{}) : Status(first);
  if (!CheckSubvolume(fd.value().get(), path)) return first;
  Result<uint64_t> id = SubvolumeId(fd.value().get(), path);
  if (!id) return id.error();
  Result<std::vector<Nested>> all = ListNested(fd.value().get(), id.value(), path);
  if (!all) return all.error();
  ReleaseDefault(fd.value().get(), id.value(), all.value(), path);
  for (auto nested = all.value().rbegin(); nested != all.value().rend(); ++nested)
    if (Status done = DeleteNested(fd.value().get(), *nested, path); !done) return done;
  // An immutable root directory refuses too; its flags can only be changed while it is writable.
  Result<bool> readonly = IsReadonly(fd.value().get(), path);
  if (first.code == EPERM) {
    MakeWritable(fd.value().get(), path);
    ClearImmutable(fd.value().get());
  }
  Status done = DestroyByName(directory, name, path);
  if (done || done.error().code == ENOENT) return Nothing{};
  // Not deleted after all (a send is reading it, for one): it must not be left writable.
  if (readonly && readonly.value()) static_cast<void>(SetReadonlyAt(fd.value().get(), path, true));
  return done;
}

}  // namespace

Status DeleteSubvolume(const std::string& parent, const std::string& name) {
  if (Status valid = CheckName(name, kDestroy); !valid) return valid;
  const std::string path = parent + "/" + name;
  Result<UniqueFd> directory = OpenDirectoryFollowing(parent);
  if (!directory) return directory.error().code == ENOENT ? Status(Nothing{}) : Status(directory.error());
  Status done = DestroyByName(directory.value().get(), name, path);
  if (done) return done;
  switch (done.error().code) {
    case ENOENT:
      return Nothing{};
    case ENOTEMPTY:
    case EPERM:
    case EROFS:
      return DeleteWithContent(directory.value().get(), name, path, done.error());
    default:
      return done;
  }
}

Status DeleteSubvolumeAndParent(const std::string& parent, const std::string& name) {
  if (Status deleted = DeleteSubvolume(parent, name); !deleted) return deleted;
  Result<UniqueFd> directory = OpenDirectoryFollowing(parent);
  if (!directory) return directory.error().code == ENOENT ? Status(Nothing{}) : Status(directory.error());
  RemoveFiles(directory.value().get());
  if (rmdir(parent.c_str()) != 0 && errno != ENOENT) return Error::last("rmdir", parent);
  return Nothing{};
}

}  // namespace dockerlite::btrfs
