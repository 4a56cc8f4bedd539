// SPDX-License-Identifier: Apache-2.0
#include "sys/mount_btrfs.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <climits>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>

#include "sys/loop.h"
#include "sys/syscalls.h"

namespace dockerlite {
namespace {

struct Mounted {
  std::string type;
  std::string source;
};

// /proc/self/mountinfo writes space, tab, newline and backslash as \ooo.
std::string Unescape(const std::string& field) {
  std::string text;
  for (size_t i = 0; i < field.size(); i++) {
    auto digit = [&](size_t at) { return at < field.size() && field[at] >= '0' && field[at] <= '7'; };
    if (field[i] == '\\' && digit(i + 1) && digit(i + 2) && digit(i + 3)) {
      text += static_cast<char>((field[i + 1] - '0') * 64 + (field[i + 2] - '0') * 8 + (field[i + 3] - '0'));
      i += 3;
    } else {
      text += field[i];
    }
  }
  return text;
}

// What is mounted on exactly this path: the last line wins, it is the one on top.
std::optional<Mounted> MountedOn(const std::string& target) {
  std::optional<Mounted> found;
  std::ifstream table("/proc/self/mountinfo");
  for (std::string line; std::getline(table, line);) {
    std::istringstream fields(line);
    std::string field, point;
    for (int i = 0; i < 5 && fields >> field; i++) point = field;
    while (fields >> field && field != "-") {
    }
    Mounted mounted;
    if (fields >> mounted.type >> mounted.source && Unescape(point) == target) {
      mounted.source = Unescape(mounted.source);
      found = mounted;
    }
  }
  return found;
}

Result<std::string> RealPath(const std::string& path) {
  char resolved[PATH_MAX];
  if (!realpath(path.c_str(), resolved)) return Error::last("realpath", path);
  return std::string(resolved);
}

Error InTheWay(const std::string& target, const Mounted& mounted) {
  return Error{EBUSY, "mount", target, "something else is mounted there (" + mounted.source + ", " + mounted.type + ")"};
}

Status MountBtrfs(const std::string& source, const std::string& target) {
  // Without noatime every file that a container reads would become its own copy of a metadata block. The top level
  // itself: a privileged guest can make a subvolume of its own what is mounted by default.
  if (mount(source.c_str(), target.c_str(), "btrfs", MS_NOATIME, "subvolid=5") == 0) return Nothing{};
  Error error = Error::last("mount", target);
  if (error.code == ENODEV) error.message = "this kernel has no btrfs";
  if (error.code == EINVAL) error.message = source + " does not hold a btrfs file system, or a damaged one (see dmesg)";
  return error;
}

// Held from the search for a loop device to the mount, so that two processes cannot both find none.
// A description of its own: the one that a loop device is given would keep its lock for as long as the device lives.
Result<UniqueFd> LockFile(const std::string& path) {
  Result<UniqueFd> fd = Open(path, O_RDONLY | O_NONBLOCK);
  if (!fd) return fd;
  while (flock(fd.value().get(), LOCK_EX) != 0)
    if (errno != EINTR) return Error::last("flock", path);
  return fd;
}

bool IsSameDevice(const std::string& a, const std::string& b) {
  struct stat first = {}, second = {};
  return stat(a.c_str(), &first) == 0 && stat(b.c_str(), &second) == 0 && S_ISBLK(first.st_mode) &&
         S_ISBLK(second.st_mode) && first.st_rdev == second.st_rdev;
}

}  // namespace

Status MountLoop(const std::string& file, const std::string& target) {
  Result<std::string> point = RealPath(target);
  if (!point) return point.error();
  // After a reboot many commands may find the store unmounted at once: the first attaches and mounts, the others see it.
  Result<UniqueFd> lock = LockFile(file);
  if (!lock) return lock.error();
  if (std::optional<Mounted> mounted = MountedOn(point.value())) {
    if (mounted->type == "btrfs" && IsLoopOver(mounted->source, file)) return Nothing{};
    return InTheWay(target, *mounted);
  }
  Result<LoopDevice> device = AttachLoop(file);
  if (!device) return device.error();
  return MountBtrfs(device.value().path, point.value());
}

Status MountDevice(const std::string& device, const std::string& target) {
  Result<std::string> point = RealPath(target);
  if (!point) return point.error();
  if (std::optional<Mounted> mounted = MountedOn(point.value())) {
    if (mounted->type == "btrfs" && IsSameDevice(mounted->source, device)) return Nothing{};
    return InTheWay(target, *mounted);
  }
  Status mounted = MountBtrfs(device, point.value());
  // The kernel refuses the same file system on the same place twice: somebody else was faster.
  if (!mounted && mounted.error().code == EBUSY && MountedOn(point.value())) return Nothing{};
  return mounted;
}

Status Unmount(const std::string& target) {
  if (umount2(target.c_str(), UMOUNT_NOFOLLOW) == 0) return Nothing{};
  return Error::last("umount2", target);
}

}  // namespace dockerlite
