// SPDX-License-Identifier: Apache-2.0
#include "archive/whiteouts.h"

#include <fcntl.h>

#include <string_view>
#include <vector>

#include "archive/names.h"
#include "archive/remove_tree.h"

namespace dockerlite::tree {
namespace {

constexpr std::string_view kPrefix = ".wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";
// Of aufs itself; it means nothing anywhere else.
constexpr std::string_view kInternal = ".wh..wh.";

}  // namespace

bool Whiteouts::isOne(const std::string& name) { return splitName(name).second.starts_with(kPrefix); }

void Whiteouts::made(const std::string& name) {
  // The directories on the way too: they may not be entries of their own.
  for (std::string path = name; !path.empty(); path = splitName(path).first) {
    if (!made_.insert(std::hash<std::string>{}(path)).second) break;
  }
}

Status Whiteouts::apply(const std::string& name) {
  auto [directory, marker] = splitName(name);
  if (marker == kOpaque) return clearLower(directory);
  if (marker.starts_with(kInternal)) return Nothing{};
  std::string hidden = marker.substr(kPrefix.size());
  if (hidden.empty() || hidden == "." || hidden == "..")
    return Error{EINVAL, "unpack", printable(name), "a whiteout needs a name"};
  return removeName(directory, hidden);
}

Status Whiteouts::removeName(const std::string& directory, const std::string& name) {
  std::string path = joinName(directory, name);
  if (isMade(path)) return clearLower(path);
  auto parent = root_.openIn(directory, O_PATH | O_DIRECTORY);
  if (!parent) return parent.error().code == ENOENT || parent.error().code == ENOTDIR ? Status(Nothing{}) : parent.error();
  return removeTree(parent.value().get(), name);
}

Status Whiteouts::clearLower(const std::string& directory) {
  std::vector<std::string> left = {directory};
  while (!left.empty()) {
    std::string path = std::move(left.back());
    left.pop_back();
    // Not a directory: a file that this layer made.
    auto fd = root_.openIn(path, O_RDONLY | O_DIRECTORY | (path.empty() ? 0 : O_NOFOLLOW));
    if (!fd && (fd.error().code == ENOENT || fd.error().code == ENOTDIR || fd.error().code == ELOOP)) continue;
    if (!fd) return fd.error();
    auto names = listDirectory(fd.value().get());
    if (!names) return names.error();
    for (const std::string& name : names.value()) {
      std::string child = joinName(path, name);
      if (isMade(child)) {
        left.push_back(std::move(child));
      } else if (auto done = removeTree(fd.value().get(), name); !done) {
        return done;
      }
    }
  }
  return Nothing{};
}

}  // namespace dockerlite::tree
