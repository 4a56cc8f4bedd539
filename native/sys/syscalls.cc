// SPDX-License-Identifier: Apache-2.0
#include "sys/syscalls.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

#include <climits>
#include <cstdio>

namespace dockerlite {

Result<UniqueFd> Open(const std::string& path, int flags, unsigned mode) {
  for (;;) {
    UniqueFd fd(::open(path.c_str(), flags | O_CLOEXEC, mode));
    if (fd) return fd;
    if (errno != EINTR) return Error::last("open", path);
  }
}

Result<UniqueFd> OpenDirectory(const std::string& path) {
  return Open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

Result<UniqueFd> OpenDirectoryFollowing(const std::string& path) {
  return Open(path, O_RDONLY | O_DIRECTORY);
}

Result<UniqueFd> OpenAt2(int dir, const std::string& path, uint64_t flags, uint64_t resolve) {
  struct open_how how = {};
  how.flags = flags | O_CLOEXEC;
  how.resolve = resolve;
  const char* name = path.empty() ? "." : path.c_str();
  // EAGAIN: a rename somewhere raced with ".." of a RESOLVE_IN_ROOT walk. Repeating may race again, so not for ever.
  for (int attempt = 0;; attempt++) {
    UniqueFd fd(static_cast<int>(::syscall(SYS_openat2, dir, name, &how, sizeof how)));
    if (fd) return fd;
    if (errno != EINTR && (errno != EAGAIN || attempt >= 100)) return Error::last("openat2", path);
  }
}

Status RenameNoReplace(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return Nothing{};
  // The name that is in the way is the one to complain about.
  return Error::last("renameat2", errno == EEXIST ? to : from);
}

Result<FileSystemInfo> StatFs(const std::string& path) {
  struct statfs found = {};
  while (::statfs(path.c_str(), &found) != 0)
    if (errno != EINTR) return Error::last("statfs", path);
  FileSystemInfo info;
  info.type = static_cast<uint32_t>(found.f_type);
  info.block_size = static_cast<uint64_t>(found.f_bsize);
  info.total = found.f_blocks * info.block_size;
  info.free = found.f_bfree * info.block_size;
  info.available = found.f_bavail * info.block_size;
  info.readonly = (found.f_flags & ST_RDONLY) != 0;
  return info;
}

Status CheckName(const std::string& name, const char* syscall) {
  if (name.size() > NAME_MAX) return Error{ENAMETOOLONG, syscall, name, {}};
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos || name.find('\0') != std::string::npos)
    return Error{EINVAL, syscall, name, "not a file name"};
  return Nothing{};
}

}  // namespace dockerlite
