// SPDX-License-Identifier: Apache-2.0
#include "archive/xattrs.h"

#include <fcntl.h>
#include <sys/xattr.h>

#include <algorithm>

#include "archive/names.h"
#include "archive/root_dir.h"

namespace dockerlite::tree {
namespace {

// btrfs keeps an attribute in one item of a 16 KiB leaf and says ENOSPC when it does not fit.
constexpr size_t kLeafRoom = 15900;

Result<std::string> readValue(const std::string& path, const std::string& name) {
  std::string value(256, '\0');
  for (;;) {
    ssize_t size = ::getxattr(path.c_str(), name.c_str(), value.data(), value.size());
    if (size >= 0) {
      value.resize(static_cast<size_t>(size));
      return value;
    }
    if (errno != ERANGE || value.size() >= 65536) return Error::last("getxattr", printable(name));
    value.resize(value.size() * 4);
  }
}

}  // namespace

std::string escapeXattrName(const std::string& name) {
  std::string out;
  for (char c : name) {
    if (c == '%' || c == '=')
      out += c == '%' ? "%25" : "%3D";
    else
      out += c;
  }
  return out;
}

std::string unescapeXattrName(const std::string& escaped) {
  std::string out;
  for (size_t at = 0; at < escaped.size();) {
    std::string three = escaped.substr(at, 3);
    bool code = three == "%25" || three == "%3D";
    out += code ? (three == "%25" ? '%' : '=') : escaped[at];
    at += code ? 3 : 1;
  }
  return out;
}

Result<std::vector<Xattr>> readXattrs(int fd) {
  std::vector<Xattr> all;
  std::string path = procPath(fd);
  std::string names(1024, '\0');
  ssize_t size;
  while ((size = ::listxattr(path.c_str(), names.data(), names.size())) < 0) {
    if (errno == EOPNOTSUPP) return all;
    if (errno != ERANGE || names.size() >= 65536) return Error::last("listxattr");
    names.resize(names.size() * 4);
  }
  for (size_t at = 0; at < static_cast<size_t>(size);) {
    std::string name(names.c_str() + at);
    at += name.size() + 1;
    if (name.rfind("btrfs.", 0) == 0) continue;
    auto value = readValue(path, name);
    if (value) {
      all.push_back({std::move(name), std::move(value.value())});
    } else if (value.error().code != ENODATA && value.error().code != EOPNOTSUPP) {
      return value.error();
    }
  }
  std::sort(all.begin(), all.end(), [](const Xattr& a, const Xattr& b) { return a.name < b.name; });
  return all;
}

Status writeXattr(int fd, const Xattr& attribute) {
  const std::string& name = attribute.name;
  if (::setxattr(procPath(fd).c_str(), name.c_str(), attribute.value.data(), attribute.value.size(), 0) == 0)
    return Nothing{};
  Error error = Error::last("setxattr", printable(name));
  bool essential = name == "security.capability";
  if (error.code == EOPNOTSUPP && !essential) return Nothing{};
  // user.* belongs to files and directories only; some archivers write it for links and devices too.
  if (error.code == EPERM && name.rfind("user.", 0) == 0) return Nothing{};
  if (error.code == ENOSPC && name.size() + attribute.value.size() > kLeafRoom) {
    error.code = E2BIG;
    error.message = "the extended attribute is too large for this file system";
  }
  return error;
}

}  // namespace dockerlite::tree
