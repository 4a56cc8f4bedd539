// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "sys/result.h"
#include "sys/unique_fd.h"

namespace dockerlite {

// open(2) with O_CLOEXEC, repeated while a signal interrupts it.
Result<UniqueFd> Open(const std::string& path, int flags, unsigned mode = 0);

// A directory for ioctls and *at calls; its last component may not be a symbolic link.
Result<UniqueFd> OpenDirectory(const std::string& path);

// The same for a directory that the user named, which may be a symbolic link.
Result<UniqueFd> OpenDirectoryFollowing(const std::string& path);

// openat2(2): `resolve` is RESOLVE_*; an empty path means `dir` itself.
Result<UniqueFd> OpenAt2(int dir, const std::string& path, uint64_t flags, uint64_t resolve);

// rename(2) that fails with EEXIST where `to` exists.
Status RenameNoReplace(const std::string& from, const std::string& to);

struct FileSystemInfo {
  int64_t type = 0;
  uint64_t block_size = 0;
  uint64_t total = 0;
  uint64_t free = 0;
  uint64_t available = 0;
  bool readonly = false;
};

Result<FileSystemInfo> StatFs(const std::string& path);

// A name of one directory entry: not empty, no '/', not '.' or '..', at most 255 bytes.
Status CheckName(const std::string& name, const char* syscall);

}  // namespace dockerlite
