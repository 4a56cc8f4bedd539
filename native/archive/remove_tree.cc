// SPDX-License-Identifier: Apache-2.0
#include "archive/remove_tree.h"

#include <fcntl.h>
#include <unistd.h>

#include <vector>

#include "archive/names.h"
#include "archive/root_dir.h"
#include "sys/unique_fd.h"

namespace dockerlite::tree {
namespace {

// A directory being emptied. Iterative: depth is the tree's choice, our stack is not its to spend.
struct Level {
  UniqueFd fd;
  std::string name;
  std::vector<std::string> directories;
};

// 1 removed (or gone), 0 a directory, -1 failed.
int unlinkOne(int parent, const std::string& name) {
  if (::unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) return 1;
  return errno == EISDIR ? 0 : -1;
}

Result<Level> enter(int parent, const std::string& name) {
  Level level{UniqueFd(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)), name, {}};
  if (!level.fd) return Error::last("openat", printable(name));
  auto names = listDirectory(level.fd.get());
  if (!names) return names.error();
  for (std::string& child : names.value()) {
    int removed = unlinkOne(level.fd.get(), child);
    if (removed < 0) return Error::last("unlinkat", printable(child));
    if (removed == 0) level.directories.push_back(std::move(child));
  }
  return level;
}

}  // namespace

Status removeTree(int parent, const std::string& name) {
  int removed = unlinkOne(parent, name);
  if (removed > 0) return Nothing{};
  if (removed < 0) return Error::last("unlinkat", printable(name));
  std::vector<Level> levels;
  auto first = enter(parent, name);
  if (!first) return first.error();
  levels.push_back(std::move(first.value()));
  while (!levels.empty()) {
    Level& top = levels.back();
    if (!top.directories.empty()) {
      std::string child = std::move(top.directories.back());
      top.directories.pop_back();
      auto next = enter(top.fd.get(), child);
      if (!next) return next.error();
      levels.push_back(std::move(next.value()));
      continue;
    }
    std::string own = std::move(top.name);
    levels.pop_back();
    int above = levels.empty() ? parent : levels.back().fd.get();
    if (::unlinkat(above, own.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT)
      return Error::last("unlinkat", printable(own));
  }
  return Nothing{};
}

}  // namespace dockerlite::tree
