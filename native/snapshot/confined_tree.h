// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "sys/result.h"
#include "sys/unique_fd.h"

namespace dockerlite::snapshot {

// A tree that is reached by paths nobody trusts: the kernel resolves them below it and follows no link at all, as paths of
// send streams never lead through one (openat2, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS).
class ConfinedTree {
 public:
  explicit ConfinedTree(UniqueFd root) : root_(std::move(root)) {}

  // Where a name is: the directory stays open while this lives.
  struct Place {
    std::shared_ptr<const UniqueFd> directory;
    std::string name;
    int dir() const { return directory->get(); }
  };

  // The directory of `path` and the last name in it; the path may not be the root's.
  Result<Place> Find(std::string_view path);

  // What is at `path`, which may be the root, without opening it.
  Result<UniqueFd> Locate(std::string_view path);

  // A regular file and nothing else: opening a device may do things.
  Result<UniqueFd> OpenFile(std::string_view path, int flags);

  // What was at `path` has moved, is gone or was replaced.
  void Forget(std::string_view path);

 private:
  UniqueFd root_;
  std::map<std::string, std::shared_ptr<const UniqueFd>, std::less<>> directories_;
};

}  // namespace dockerlite::snapshot
