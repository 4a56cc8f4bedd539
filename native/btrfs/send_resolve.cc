// SPDX-License-Identifier: Apache-2.0
#include "btrfs/send_resolve.h"

#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <unordered_set>

#include "sys/syscalls.h"

namespace dockerlite::btrfs {
namespace {

constexpr uint64_t kBeneath = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;

// The inode itself, whatever it is, without opening it.
Result<UniqueFd> Locate(int root, const std::string& path) { return OpenAt2(root, path, O_PATH | O_NOFOLLOW, kBeneath); }

bool StatAt(int root, const std::string& path, struct stat& status) {
  Result<UniqueFd> found = Locate(root, path);
  return found && fstat(found.value().get(), &status) == 0;
}

std::string CapabilitiesOf(int located) {
  char value[256];
  const std::string path = "/proc/self/fd/" + std::to_string(located);
  const ssize_t size = getxattr(path.c_str(), "security.capability", value, sizeof value);
  return size < 0 ? std::string() : std::string(value, static_cast<size_t>(size));
}

// Where the old file cannot be asked the change stands.
bool IsReallyChanged(const Change& change, int old_tree) {
  Result<UniqueFd> old = Locate(old_tree, change.from);
  struct stat status = {};
  if (!old || fstat(old.value().get(), &status) != 0) return true;
  if (change.modified && *change.modified != SendTime{status.st_mtim.tv_sec, static_cast<uint32_t>(status.st_mtim.tv_nsec)})
    return true;
  return change.capabilities && *change.capabilities != CapabilitiesOf(old.value().get());
}

bool IsReallyDeleted(const Change& change, int new_tree) {
  struct stat status = {};
  if (StatAt(new_tree, change.path, status)) return false;
  const size_t slash = change.path.rfind('/');
  return slash == std::string::npos ||
         (StatAt(new_tree, change.path.substr(0, slash), status) && S_ISDIR(status.st_mode));
}

// All names of an inode; of very many, those that fit into the answer.
std::vector<std::string> NamesOf(int root, uint64_t inode) {
  constexpr size_t kSize = 64 * 1024;
  auto memory = std::make_unique<uint64_t[]>(kSize / sizeof(uint64_t));
  auto* found = reinterpret_cast<btrfs_data_container*>(memory.get());
  btrfs_ioctl_ino_path_args args = {};
  args.inum = inode;
  args.size = kSize;
  args.fspath = reinterpret_cast<uintptr_t>(found);
  std::vector<std::string> names;
  if (ioctl(root, BTRFS_IOC_INO_PATHS, &args) != 0) return names;
  // Offsets of the names, relative to where the offsets start.
  const char* start = reinterpret_cast<const char*>(found->val);
  const size_t limit = kSize - sizeof *found;
  for (uint32_t i = 0; i < found->elem_cnt; i++) {
    if ((i + 1) * sizeof(uint64_t) > limit || found->val[i] >= limit) break;
    names.emplace_back(start + found->val[i], strnlen(start + found->val[i], limit - found->val[i]));
  }
  return names;
}

std::vector<std::string> AllNames(const std::string& path, int tree) {
  struct stat status = {};
  std::vector<std::string> names;
  if (StatAt(tree, path, status) && !S_ISDIR(status.st_mode) && status.st_nlink > 1) names = NamesOf(tree, status.st_ino);
  if (names.empty()) names.push_back(path);
  return names;
}

// The stream speaks of a changed inode by one of its names: lists all that are not listed as new.
void NameChangedInodes(std::vector<Change>& changes, int new_tree) {
  std::vector<std::string> changed;
  std::unordered_set<std::string> listed;
  for (const Change& change : changes) {
    if (change.inode)
      changed.push_back(change.path);
    else if (change.kind != ChangeKind::kDeleted)
      listed.insert(change.path);
  }
  std::erase_if(changes, [](const Change& change) { return change.inode; });
  for (const std::string& path : changed)
    for (std::string& name : AllNames(path, new_tree))
      if (listed.insert(name).second) changes.push_back({ChangeKind::kChanged, std::move(name), {}, true, {}, {}});
  SortChanges(changes);
}

}  // namespace

std::vector<Change> ResolveChanges(std::vector<Change> changes, int old_tree, int new_tree) {
  std::erase_if(changes, [&](const Change& change) {
    if (change.certain) return false;
    return change.kind == ChangeKind::kDeleted ? !IsReallyDeleted(change, new_tree) : !IsReallyChanged(change, old_tree);
  });
  NameChangedInodes(changes, new_tree);
  return changes;
}

}  // namespace dockerlite::btrfs
