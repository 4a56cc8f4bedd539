// SPDX-License-Identifier: Apache-2.0
#include "archive/tree_walk.h"

#include <fcntl.h>
#include <unistd.h>

#include <vector>

#include "archive/names.h"

namespace dockerlite::tree {
namespace {

struct Level {
  UniqueFd fd;
  std::string path;
  std::vector<std::string> names;
  size_t next = 0;
};

// Visits one file; adds a level when it is a directory to go into.
Status visitOne(UniqueFd fd, std::string path, const std::function<Result<bool>(const Visit&)>& visit,
                std::vector<Level>& levels) {
  struct stat st;
  if (::fstat(fd.get(), &st) != 0) return Error::last("fstat", printable(path));
  auto wanted = visit(Visit{fd.get(), path, st});
  if (!wanted) {
    if (wanted.error().path.empty()) wanted.error().path = printable(path);
    return wanted.error();
  }
  if (!wanted.value() || !S_ISDIR(st.st_mode)) return Nothing{};
  auto names = listDirectory(fd.get());
  if (!names && names.error().code == ENOENT) return Nothing{};
  if (!names) {
    names.error().path = printable(path);
    return names.error();
  }
  levels.push_back({std::move(fd), std::move(path), std::move(names.value())});
  return Nothing{};
}

}  // namespace

Status walkTree(UniqueFd top, const std::function<Result<bool>(const Visit&)>& visit) {
  std::vector<Level> levels;
  if (auto done = visitOne(std::move(top), "", visit, levels); !done) return done;
  while (!levels.empty()) {
    Level& level = levels.back();
    if (level.next == level.names.size()) {
      levels.pop_back();
      continue;
    }
    const std::string& name = level.names[level.next++];
    UniqueFd fd(::openat(level.fd.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!fd && errno == ENOENT) continue;
    std::string path = joinName(level.path, name);
    if (!fd) return Error::last("openat", printable(path));
    if (auto done = visitOne(std::move(fd), std::move(path), visit, levels); !done) return done;
  }
  return Nothing{};
}

Result<Meta> readMeta(const Visit& visit) {
  auto xattrs = readXattrs(visit.fd);
  if (!xattrs) return xattrs.error();
  Meta meta;
  meta.mode = visit.st.st_mode;
  meta.uid = visit.st.st_uid;
  meta.gid = visit.st.st_gid;
  meta.mtime = visit.st.st_mtim;
  meta.device = visit.st.st_rdev;
  meta.xattrs = std::move(xattrs.value());
  return meta;
}

Result<std::string> readLink(int fd, const std::string& path) {
  std::string target(4096, '\0');
  ssize_t size = ::readlinkat(fd, "", target.data(), target.size());
  if (size < 0) return Error::last("readlinkat", printable(path));
  target.resize(static_cast<size_t>(size));
  return target;
}

}  // namespace dockerlite::tree
