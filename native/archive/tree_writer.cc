// SPDX-License-Identifier: Apache-2.0
#include "archive/tree_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "archive/apply_meta.h"
#include "archive/names.h"
#include "archive/remove_tree.h"

namespace dockerlite::tree {
namespace {

constexpr size_t kCachedParents = 64;

}  // namespace

std::string TreeWriter::full(const std::string& name) const { return joinName(base_, name); }

Result<UniqueFd> TreeWriter::makeDirectories(const std::string& directory) {
  auto here = root_.openIn("", O_PATH | O_DIRECTORY);
  for (size_t end = 0; here && end < directory.size();) {
    size_t start = end == 0 ? 0 : end + 1;
    end = std::min(directory.find('/', start), directory.size());
    std::string name = directory.substr(start, end - start);
    auto next = root_.openIn(directory.substr(0, end), O_PATH | O_DIRECTORY);
    if (!next && next.error().code == ENOENT) {
      // EEXIST: a link that leads nowhere; opening it again below says so.
      bool made = ::mkdirat(here.value().get(), name.c_str(), 0755) == 0;
      if (!made && errno != EEXIST) return Error::last("mkdirat", printable(directory));
      next = root_.openIn(directory.substr(0, end), O_RDONLY | O_DIRECTORY);
      if (made && next && ::fchmod(next.value().get(), 0755) != 0) return Error::last("fchmod", printable(directory));
    }
    here = std::move(next);
  }
  return here;
}

Result<TreeWriter::Parent> TreeWriter::parent(const std::string& directory, bool create) {
  if (auto found = parents_.find(directory); found != parents_.end()) return found->second;
  auto fd = root_.openIn(directory, O_PATH | O_DIRECTORY);
  if (!fd && fd.error().code == ENOENT && create) fd = makeDirectories(directory);
  if (!fd) return fd.error();
  if (parents_.size() >= kCachedParents) parents_.clear();
  auto shared = std::make_shared<const UniqueFd>(std::move(fd.value()));
  parents_.emplace(directory, shared);
  return shared;
}

Status TreeWriter::clear(int parent, const std::string& name, bool forDirectory) {
  struct stat st;
  if (::fstatat(parent, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return Nothing{};
    return Error::last("fstatat", printable(name));
  }
  bool isDirectory = S_ISDIR(st.st_mode);
  if (!rules_.allowReplace && isDirectory != forDirectory) {
    return isDirectory ? Error{EISDIR, "unpack", printable(name), "will not replace a directory by something else"}
                       : Error{ENOTDIR, "unpack", printable(name), "will not replace this by a directory"};
  }
  // A name that led somewhere may not any more.
  if (isDirectory || S_ISLNK(st.st_mode)) parents_.clear();
  return removeTree(parent, name);
}

Result<TreeWriter::Parent> TreeWriter::make(const std::string& path, const char* call, bool directory,
                                            const Make& make) {
  auto [above, name] = splitName(path);
  // Somebody who makes the name again each time (a container that runs) does not keep this busy for ever.
  for (int tries = 0;; tries++) {
    auto at = parent(above, true);
    if (!at) return at.error();
    if (make(at.value()->get(), name.c_str()) == 0) return at.value();
    if (errno != EEXIST || tries == 16) return Error::last(call, printable(path));
    if (auto done = clear(at.value()->get(), name, directory); !done) return done.error();
  }
}

bool TreeWriter::isKeptLink(const std::string& path) const {
  if (!rules_.keepDirectoryLinks) return false;
  auto link = root_.openIn(path, O_PATH | O_NOFOLLOW);
  struct stat st;
  if (!link || ::fstat(link.value().get(), &st) != 0 || !S_ISLNK(st.st_mode)) return false;
  return static_cast<bool>(root_.openIn(path, O_PATH | O_DIRECTORY));
}

Status TreeWriter::directory(const std::string& name, const Meta& meta) {
  std::string path = full(name);
  if (!name.empty() && isKeptLink(path)) return Nothing{};
  if (!path.empty() && !name.empty()) {
    auto at = make(path, "mkdirat", true, [](int parent, const char* base) {
      if (::mkdirat(parent, base, 0700) == 0) return 0;
      if (errno != EEXIST) return -1;
      struct stat st;
      bool there = ::fstatat(parent, base, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
      errno = EEXIST;
      return there ? 0 : -1;
    });
    if (!at) return at.error();
  }
  int flags = O_RDONLY | O_DIRECTORY | (name.empty() ? 0 : O_NOFOLLOW);
  auto fd = root_.openIn(path, flags);
  if (!fd) return fd.error();
  struct stat st;
  if (::fstat(fd.value().get(), &st) != 0) return Error::last("fstat", printable(path));
  if (auto done = applyMeta(fd.value().get(), meta); !done) return done;
  Late late{st.st_dev, st.st_ino, meta.mtime, {}};
  for (const Xattr& attribute : meta.xattrs) {
    if (attribute.name == kDefaultAcl) late.defaultAcl = attribute;
  }
  late_.insert_or_assign(path, std::move(late));
  return Nothing{};
}

Result<UniqueFd> TreeWriter::file(const std::string& name) {
  UniqueFd fd;
  auto at = make(full(name), "openat", false, [&](int parent, const char* base) {
    fd.reset(::openat(parent, base, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    return fd ? 0 : -1;
  });
  if (!at) return at.error();
  return fd;
}

Status TreeWriter::finishFile(int fd, const Meta& meta) { return applyMeta(fd, meta); }

Status TreeWriter::finishNode(int parent, const std::string& name, const Meta& meta) {
  UniqueFd fd(::openat(parent, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return Error::last("openat", printable(name));
  struct stat st;
  if (::fstat(fd.get(), &st) != 0) return Error::last("fstat", printable(name));
  // Only a container that runs can have swapped it; its new file is none of ours.
  if ((st.st_mode & S_IFMT) != (meta.mode & S_IFMT)) return Nothing{};
  return applyMeta(fd.get(), meta);
}

Status TreeWriter::symlink(const std::string& name, const std::string& target, const Meta& meta) {
  std::string path = full(name);
  auto at = make(path, "symlinkat", false, [&](int parent, const char* base) {
    return ::symlinkat(target.c_str(), parent, base);
  });
  if (!at) return at.error();
  return finishNode(at.value()->get(), splitName(path).second, meta);
}

Status TreeWriter::node(const std::string& name, const Meta& meta) {
  std::string path = full(name);
  auto at = make(path, "mknodat", false, [&](int parent, const char* base) {
    return ::mknodat(parent, base, (meta.mode & S_IFMT) | 0600, meta.device);
  });
  if (!at) return at.error();
  return finishNode(at.value()->get(), splitName(path).second, meta);
}

Status TreeWriter::hardLink(const std::string& name, const std::string& target) {
  auto [above, base] = splitName(full(target));
  auto from = parent(above, false);
  if (!from) return from.error();
  auto at = make(full(name), "linkat", false, [&, &base = base](int parent, const char* own) {
    if (::linkat(from.value()->get(), base.c_str(), parent, own, 0) == 0) return 0;
    if (errno != EEXIST) return -1;
    struct stat a, b;
    bool same = ::fstatat(from.value()->get(), base.c_str(), &a, AT_SYMLINK_NOFOLLOW) == 0 &&
                ::fstatat(parent, own, &b, AT_SYMLINK_NOFOLLOW) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
    errno = EEXIST;
    return same ? 0 : -1;
  });
  if (!at) return at.error();
  return Nothing{};
}

Status TreeWriter::finish() {
  for (auto& [path, late] : late_) {
    auto fd = root_.openIn(path, O_RDONLY | O_DIRECTORY | (path == base_ ? 0 : O_NOFOLLOW));
    if (!fd) continue;  // replaced since
    struct stat st;
    if (::fstat(fd.value().get(), &st) != 0 || st.st_dev != late.device || st.st_ino != late.inode) continue;
    if (late.defaultAcl) {
      if (auto done = writeXattr(fd.value().get(), *late.defaultAcl); !done) return done;
    }
    timespec times[2] = {{0, UTIME_OMIT}, late.mtime};
    if (::futimens(fd.value().get(), times) != 0) return Error::last("futimens", printable(path));
  }
  return Nothing{};
}

}  // namespace dockerlite::tree
