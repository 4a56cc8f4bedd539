// SPDX-License-Identifier: Apache-2.0
#include "supervisor/own_root.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <string>

namespace dockerlite {
namespace {

// To the root of this process's mount namespace, wherever its own root was: setns(2) does that.
Status GoToTop() {
  UniqueFd space(open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC));
  if (!space) return Error::last("open", "/proc/self/ns/mnt");
  // Refused while the working directory is shared: a thread that was joined may not have let go of it yet.
  if (unshare(CLONE_FS) != 0) return Error::last("unshare(CLONE_FS)");
  if (setns(space.get(), CLONE_NEWNS) != 0) return Error::last("setns", "/proc/self/ns/mnt");
  return Nothing{};
}

// The mount counts too: a directory may be mounted somewhere below itself.
bool IsRoot(int directory) {
  struct statx first {}, second {};
  constexpr unsigned kFields = STATX_INO | STATX_MNT_ID;
  if (statx(directory, "", AT_EMPTY_PATH, kFields, &first) != 0 || statx(AT_FDCWD, "/", 0, kFields, &second) != 0)
    return false;
  return first.stx_mnt_id == second.stx_mnt_id && first.stx_ino == second.stx_ino &&
         first.stx_dev_major == second.stx_dev_major && first.stx_dev_minor == second.stx_dev_minor;
}

// Makes the directory a mount on itself and that the root of the namespace; what was around it is detached, so that
// nothing in a container finds it above its own root.
Status MakeRoot(int directory) {
  // What is mounted here stays here; what the machine mounts and unmounts still arrives.
  if (mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) return Error::last("mount(MS_SLAVE)", "/");
  UniqueFd tree(open_tree(directory, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE));
  if (!tree) return Error::last("open_tree", "/");
  if (move_mount(tree.get(), "", directory, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0)
    return Error::last("move_mount", "/");
  if (fchdir(tree.get()) != 0) return Error::last("fchdir", "/");
  if (syscall(SYS_pivot_root, ".", ".") != 0) return Error::last("pivot_root", "/");
  // The old root lies on top of the new one now.
  if (umount2(".", MNT_DETACH) != 0) return Error::last("umount2", "/");
  if (chdir("/") != 0) return Error::last("chdir", "/");
  return Nothing{};
}

}  // namespace

Status EnterOwnRoot(UniqueFd& file) {
  UniqueFd root(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return Error::last("open", "/");
  if (Status up = GoToTop(); !up) return up;
  if (IsRoot(root.get())) return Nothing{};

  if (fchdir(root.get()) != 0 || chroot(".") != 0) return Error::last("chroot", "/");
  char path[PATH_MAX];
  ssize_t length = readlink(("/proc/self/fd/" + std::to_string(file.get())).c_str(), path, sizeof path - 1);
  if (length < 0) return Error::last("readlink", "/proc/self/fd");
  path[length] = '\0';
  // This moves the process's root into the copy, but no open descriptor.
  if (unshare(CLONE_NEWNS) != 0) return Error::last("unshare(CLONE_NEWNS)");
  root.reset(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return Error::last("open", "/");
  if (Status up = GoToTop(); !up) return up;
  if (Status made = MakeRoot(root.get()); !made) return made;
  file.reset(open(path, O_PATH | O_CLOEXEC));
  return file ? Status(Nothing{}) : Error::last("open", path);
}

}  // namespace dockerlite
