// SPDX-License-Identifier: Apache-2.0
#include "btrfs/send_diff.h"

#include <linux/btrfs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstring>

#include "btrfs/send_pipe.h"
#include "btrfs/send_resolve.h"
#include "btrfs/send_stream.h"
#include "btrfs/subvolume.h"
#include "sys/syscalls.h"

namespace dockerlite::btrfs {
namespace {

constexpr char kSend[] = "ioctl(BTRFS_IOC_SEND)";
static_assert(sizeof(btrfs_ioctl_fs_info_args) == 1024);

Result<UniqueFd> OpenSnapshot(const std::string& path) {
  Result<UniqueFd> fd = OpenDirectory(path);
  if (!fd) return fd;
  if (Status is = CheckSubvolume(fd.value().get(), path); !is) return is.error();
  Result<bool> readonly = IsReadonly(fd.value().get(), path);
  if (!readonly) return readonly.error();
  if (!readonly.value()) return Error{EINVAL, kSend, path, "not a read-only subvolume"};
  return fd;
}

Status CheckSameFileSystem(int a, int b, const std::string& path) {
  btrfs_ioctl_fs_info_args first = {}, second = {};
  if (ioctl(a, BTRFS_IOC_FS_INFO, &first) != 0 || ioctl(b, BTRFS_IOC_FS_INFO, &second) != 0)
    return Error::last("ioctl(BTRFS_IOC_FS_INFO)", path);
  if (std::memcmp(first.fsid, second.fsid, sizeof first.fsid) != 0)
    return Error{EXDEV, kSend, path, "the two snapshots are on different file systems"};
  return Nothing{};
}

Status ReadStream(int from, SendTree& tree) {
  SendStream stream([&](const SendCommand& command) { return tree.Apply(command); });
  std::string buffer(256 * 1024, '\0');
  for (;;) {
    const ssize_t count = read(from, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error::last("read", "send stream");
    if (count == 0) return stream.Finish();
    Result<size_t> fed = stream.Feed(std::string_view(buffer).substr(0, static_cast<size_t>(count)));
    if (!fed) return fed.error();
  }
}

}  // namespace

Result<std::vector<Change>> SendDiff(const std::string& parent, const std::string& snapshot) {
  Result<UniqueFd> old_tree = OpenSnapshot(parent);
  if (!old_tree) return old_tree.error();
  Result<UniqueFd> new_tree = OpenSnapshot(snapshot);
  if (!new_tree) return new_tree.error();
  const int old_fd = old_tree.value().get(), new_fd = new_tree.value().get();
  if (Status same = CheckSameFileSystem(old_fd, new_fd, snapshot); !same) return same.error();
  Result<uint64_t> id = SubvolumeId(old_fd, parent);
  if (!id) return id.error();
  SendTree tree;
  btrfs_ioctl_send_args args = {};
  args.parent_root = id.value();
  args.flags = BTRFS_SEND_FLAG_NO_FILE_DATA;
  Status replayed = SendThroughPipe(new_fd, args, snapshot, [&](int from) { return ReadStream(from, tree); });
  if (!replayed) return replayed.error();
  return ResolveChanges(FoldChanges(tree), old_fd, new_fd);
}

}  // namespace dockerlite::btrfs
