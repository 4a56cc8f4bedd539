// SPDX-License-Identifier: Apache-2.0
#include "supervisor/device_node.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace dockerlite {
namespace {

// Covered in the short-lived mount namespace only.
constexpr char kDirectory[] = "/dev";
constexpr char kNode[] = "/dev/node";
constexpr unsigned kNobody = 65534;

// An id of the host that the container has by the same number.
unsigned Inside(unsigned id, unsigned root) { return root + (id < kNobody ? id : kNobody); }

Result<UniqueFd> MakeInOwnNamespace(const struct stat& source, const Idmap& map) {
  // Nothing of this reaches the machine.
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return Error::last("mount(MS_PRIVATE)", "/");
  if (mount("tmpfs", kDirectory, "tmpfs", MS_NOSUID | MS_NOEXEC, "size=64k,mode=755") != 0)
    return Error::last("mount(tmpfs)", kDirectory);
  if (mknod(kNode, source.st_mode, source.st_rdev) != 0) return Error::last("mknod", kNode);
  if (chown(kNode, Inside(source.st_uid, map.rootUser), Inside(source.st_gid, map.rootGroup)) != 0)
    return Error::last("chown", kNode);
  if (chmod(kNode, source.st_mode & 07777) != 0) return Error::last("chmod", kNode);
  UniqueFd node(static_cast<int>(syscall(SYS_open_tree, AT_FDCWD, kNode, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)));
  if (!node) return Error::last("open_tree", kNode);
  return node;
}

}  // namespace

Result<UniqueFd> MakeDeviceNode(const struct stat& source, const Idmap& map) {
  UniqueFd back(open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC));
  if (!back) return Error::last("open", "/proc/self/ns/mnt");
  if (unshare(CLONE_NEWNS) != 0) return Error::last("unshare(CLONE_NEWNS)");
  Result<UniqueFd> node = MakeInOwnNamespace(source, map);
  // This process's root is that of its mount namespace, see own_root.h: it is so again.
  if (setns(back.get(), CLONE_NEWNS) != 0) _exit(125);  // cannot happen, must not go on
  return node;
}

}  // namespace dockerlite
