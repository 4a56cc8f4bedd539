// SPDX-License-Identifier: Apache-2.0
#include "archive/root_dir.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "archive/names.h"

namespace dockerlite::tree {

Result<RootDir> RootDir::open(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return Error::last("open", path);
  return RootDir(std::move(fd));
}

Result<UniqueFd> RootDir::openIn(const std::string& path, int flags) const {
  open_how how = {};
  how.flags = static_cast<uint64_t>(flags) | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  const char* name = path.empty() ? "." : path.c_str();
  // EAGAIN: a rename somewhere raced with a `..` of ours and the kernel could not be sure.
  for (int tries = 0;; tries++) {
    long fd = ::syscall(SYS_openat2, fd_.get(), name, &how, sizeof how);
    if (fd >= 0) return UniqueFd(static_cast<int>(fd));
    if ((errno != EAGAIN && errno != EINTR) || tries == 128) return Error::last("openat2", printable(path));
  }
}

Result<std::vector<std::string>> listDirectory(int fd) {
  // A description of its own: the position in the directory belongs to the description.
  UniqueFd own(::openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!own) return Error::last("openat");
  std::unique_ptr<DIR, int (*)(DIR*)> dir(::fdopendir(own.get()), ::closedir);
  if (!dir) return Error::last("fdopendir");
  own.release();
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(dir.get());
    if (entry == nullptr) break;
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) names.emplace_back(entry->d_name);
  }
  if (errno != 0) return Error::last("readdir");
  std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
    int order = memcmp(a.data(), b.data(), std::min(a.size(), b.size()));
    return order != 0 ? order < 0 : a.size() < b.size();
  });
  return names;
}

std::string procPath(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

Result<UniqueFd> reopen(int fd, int flags) {
  UniqueFd own(::open(procPath(fd).c_str(), flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!own) return Error::last("open");
  return own;
}

}  // namespace dockerlite::tree
