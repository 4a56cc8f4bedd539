// SPDX-License-Identifier: Apache-2.0
#include "supervisor/system_paths.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>

#include "sys/unique_fd.h"

namespace dockerlite {
namespace {

constexpr char kNull[] = "/dev/null", kEmpty[] = "sys/fs/cgroup";

// Nothing that an image has in the place of a mount point is followed.
UniqueFd Open(int root, const char* path) {
  open_how how{};
  how.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  return UniqueFd(static_cast<int>(syscall(SYS_openat2, root, path, &how, sizeof how)));
}

// A mount of what `source` is, attached on top of `target`.
bool Cover(const UniqueFd& source, const UniqueFd& target, uint64_t attributes) {
  if (!source || !target) return false;
  UniqueFd tree(static_cast<int>(
      syscall(SYS_open_tree, source.get(), "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)));
  if (!tree) return false;
  mount_attr change{};
  change.attr_set = attributes;
  if (attributes != 0 && syscall(SYS_mount_setattr, tree.get(), "", AT_EMPTY_PATH, &change, sizeof change) != 0) return false;
  return syscall(SYS_move_mount, tree.get(), "", target.get(), "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) == 0;
}

}  // namespace

int CoverSystemPaths(const char* proc, const char* options) {
  const UniqueFd mounted(open(proc, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!mounted) return -1;
  const UniqueFd root(openat(mounted.get(), "..", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return -1;
  UniqueFd null, empty;
  std::string_view rest = options ? options : "";
  while (!rest.empty()) {
    const std::string_view word = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    const std::string_view how = word.substr(0, word.find('='));
    const std::string path(word.substr(std::min(word.size(), how.size() + 1)));
    const UniqueFd target = Open(root.get(), path.c_str());
    if (!target && errno == ENOENT) continue;
    bool covered = false;
    if (how == "read-only") {
      covered = Cover(target, target, MOUNT_ATTR_RDONLY);
    } else if (how == "null") {
      if (!null) null.reset(open(kNull, O_PATH | O_CLOEXEC));
      covered = Cover(null, target, 0);
    } else if (how == "empty") {
      if (!empty) empty = Open(root.get(), kEmpty);
      covered = Cover(empty, target, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    } else {
      errno = EINVAL;
    }
    if (!covered) return -1;
  }
  return 0;
}

}  // namespace dockerlite
