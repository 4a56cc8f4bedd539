// SPDX-License-Identifier: Apache-2.0
#include "sys/mount_points.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <filesystem>
#include <optional>

#include "sys/syscalls.h"

namespace dockerlite {
namespace {

constexpr uint64_t kInRoot = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;

// "/a//b/" as {"a", "b"}; nothing when a component is "." or "..".
std::optional<std::vector<std::string>> Split(const std::string& path) {
  std::vector<std::string> names;
  for (size_t at = 0; at < path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    if (end > at) names.push_back(path.substr(at, end - at));
    at = end + 1;
    if (!names.empty() && (names.back() == "." || names.back() == "..")) return std::nullopt;
  }
  return names;
}

// What the kernel calls an open file.
Result<std::string> PathOf(int fd) {
  char path[PATH_MAX];
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t length = readlink(link.c_str(), path, sizeof path);
  if (length < 0) return Error::last("readlink", link);
  if (length == sizeof path) return Error{ENAMETOOLONG, "readlink", link, {}};
  return std::string(path, static_cast<size_t>(length));
}

Result<bool> Exists(int root, const std::string& path, int follow = O_NOFOLLOW) {
  Result<UniqueFd> found = OpenAt2(root, path, O_PATH | follow, kInRoot);
  if (found) return true;
  if (found.error().code == ENOENT || found.error().code == ENOTDIR) return false;
  if (found.error().code == ELOOP) return true;  // links in a circle are left alone
  return found.error();
}

Result<std::string> RealPath(int root, const std::string& top, const std::string& path) {
  Result<UniqueFd> fd = OpenAt2(root, path, O_PATH, kInRoot);
  if (!fd) return fd.error();
  Result<std::string> found = PathOf(fd.value().get());
  if (!found) return found.error();
  if (!found.value().starts_with(top + "/")) return Error{EXDEV, "openat2", path, {}};
  return found.value().substr(top.size() + 1);
}

// Where a symbolic link that leads to nothing would lead to, relative to the root; `directory` is what it lies in.
Result<std::string> TargetOf(int root, const std::string& directory, const std::string& link) {
  Result<UniqueFd> fd = OpenAt2(root, link, O_PATH | O_NOFOLLOW, kInRoot);
  if (!fd) return fd.error();
  char text[PATH_MAX];
  const ssize_t length = readlinkat(fd.value().get(), "", text, sizeof text);
  if (length < 0) return Error::last("readlinkat", link);
  if (length == sizeof text) return Error{ENAMETOOLONG, "readlinkat", link, {}};
  std::string base = "/";
  if (text[0] != '/' && !directory.empty()) {
    Result<std::string> top = PathOf(root);
    if (!top) return top;
    Result<std::string> real = RealPath(root, top.value(), directory);
    if (!real) return real;
    base += real.value() + "/";
  }
  base.append(text, static_cast<size_t>(length));
  return std::filesystem::path(base).lexically_normal().string();
}

// Makes one name in `directory`; the process's umask has no say in its mode. False: it was there.
Result<bool> MakeOne(int directory, const std::string& name, bool is_directory, const std::string& path) {
  if (is_directory && mkdirat(directory, name.c_str(), 0755) != 0) {
    if (errno == EEXIST) return false;
    return Error::last("mkdirat", path);
  }
  const int flags = is_directory ? O_RDONLY | O_DIRECTORY : O_WRONLY | O_CREAT | O_EXCL;
  UniqueFd made(openat(directory, name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!made) {
    if (errno == EEXIST) return false;
    return Error::last("openat", path);
  }
  if (fchmod(made.get(), is_directory ? 0755 : 0644) != 0) return Error::last("fchmod", path);
  return true;
}

// As many symbolic links to nothing as the kernel follows of any.
constexpr int kMostLinks = 40;

Result<bool> Make(int root, const std::string& path, bool is_directory, int links = 0) {
  const std::optional<std::vector<std::string>> names = Split(path);
  if (!names) return Error{EINVAL, "openat2", path, "not a plain absolute path"};
  bool made = false;
  std::string at;
  for (size_t i = 0; i < names->size(); i++) {
    const bool last = i + 1 == names->size();
    const std::string next = at.empty() ? (*names)[i] : at + "/" + (*names)[i];
    Result<bool> exists = Exists(root, next);
    if (!exists) return exists;
    if (!exists.value()) {
      // Resolved afresh each time: `at` may lead through symbolic links of the tree.
      Result<UniqueFd> directory = OpenAt2(root, at, O_RDONLY | O_DIRECTORY, kInRoot);
      if (!directory) return directory.error();
      Result<bool> one = MakeOne(directory.value().get(), (*names)[i], is_directory || !last, path);
      if (!one) return one;
      made |= one.value();
    } else {
      Result<bool> leads = Exists(root, next, 0);
      if (!leads) return leads;
      if (!leads.value()) {
        if (links == kMostLinks) return Error{ELOOP, "openat2", path, {}};
        Result<std::string> target = TargetOf(root, at, next);
        if (!target) return target.error();
        Result<bool> one = Make(root, target.value(), is_directory || !last, links + 1);
        if (!one) return one;
        made |= one.value();
      }
    }
    at = next;
  }
  return made;
}

}  // namespace

Result<bool> MakeMountPoints(const std::string& path, const MountPoints& points) {
  Result<UniqueFd> root = OpenDirectory(path);
  if (!root) return root.error();
  bool made = false;
  for (const bool directories : {true, false}) {
    for (const std::string& point : directories ? points.directories : points.files) {
      Result<bool> one = Make(root.value().get(), point, directories);
      if (!one) return one;
      made |= one.value();
    }
  }
  return made;
}

Result<std::vector<std::string>> RealPaths(const std::string& path, const std::vector<std::string>& points) {
  Result<UniqueFd> root = OpenDirectory(path);
  if (!root) return root.error();
  Result<std::string> top = PathOf(root.value().get());
  if (!top) return top.error();
  std::vector<std::string> real;
  for (const std::string& point : points) {
    Result<std::string> one = RealPath(root.value().get(), top.value(), point);
    if (!one) return one.error();
    real.push_back(std::move(one.value()));
  }
  return real;
}

Result<std::vector<std::string>> MissingMountPoints(const std::string& path, const MountPoints& points) {
  Result<UniqueFd> root = OpenDirectory(path);
  if (!root) return root.error();
  std::vector<std::string> missing;
  for (const std::vector<std::string>* list : {&points.directories, &points.files}) {
    for (const std::string& point : *list) {
      Result<bool> exists = Exists(root.value().get(), point);
      if (!exists) return exists.error();
      if (!exists.value()) missing.push_back(point);
    }
  }
  return missing;
}

}  // namespace dockerlite
