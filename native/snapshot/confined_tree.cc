// SPDX-License-Identifier: Apache-2.0
#include "snapshot/confined_tree.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>

#include "sys/syscalls.h"

namespace dockerlite::snapshot {
namespace {

constexpr uint64_t kConfined = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
constexpr size_t kMostDirectories = 64;

// openat2 takes "/" at the end and "//" and "." in between: one path, one name.
bool IsPlain(std::string_view path) {
  while (!path.empty()) {
    const size_t slash = path.find('/');
    const std::string_view name = path.substr(0, slash);
    if (name.empty() || name == "." || name == "..") return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
    if (path.empty()) return false;
  }
  return true;
}

Error NotPlain() { return Error{EBADMSG, "openat2", {}, "not a path of a send stream"}; }

}  // namespace

Result<ConfinedTree::Place> ConfinedTree::Find(std::string_view path) {
  if (path.empty() || !IsPlain(path)) return NotPlain();
  const size_t slash = path.rfind('/');
  const std::string_view above = slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
  std::string name(path.substr(slash == std::string_view::npos ? 0 : slash + 1));
  if (auto known = directories_.find(above); known != directories_.end()) return Place{known->second, std::move(name)};
  Result<UniqueFd> opened = OpenAt2(root_.get(), std::string(above), O_PATH | O_DIRECTORY | O_NOFOLLOW, kConfined);
  if (!opened) return opened.error();
  if (directories_.size() >= kMostDirectories) directories_.clear();
  auto directory = std::make_shared<const UniqueFd>(std::move(opened.value()));
  directories_.emplace(above, directory);
  return Place{std::move(directory), std::move(name)};
}

Result<UniqueFd> ConfinedTree::Locate(std::string_view path) {
  if (path.empty()) return OpenAt2(root_.get(), {}, O_PATH | O_DIRECTORY, kConfined);
  Result<Place> place = Find(path);
  if (!place) return place.error();
  return OpenAt2(place.value().dir(), place.value().name, O_PATH | O_NOFOLLOW, kConfined);
}

Result<UniqueFd> ConfinedTree::OpenFile(std::string_view path, int flags) {
  Result<UniqueFd> located = Locate(path);
  if (!located) return located;
  struct stat status = {};
  if (fstat(located.value().get(), &status) != 0) return Error::last("fstat");
  if (!S_ISREG(status.st_mode)) return Error{EBADMSG, "fstat", {}, "not a regular file"};
  return Open("/proc/self/fd/" + std::to_string(located.value().get()), flags | O_NOCTTY);
}

void ConfinedTree::Forget(std::string_view path) {
  if (auto known = directories_.find(path); known != directories_.end()) directories_.erase(known);
  const std::string below = std::string(path) + '/';
  auto next = directories_.lower_bound(below);
  while (next != directories_.end() && next->first.starts_with(below)) next = directories_.erase(next);
}

}  // namespace dockerlite::snapshot
