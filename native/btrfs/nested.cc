// SPDX-License-Identifier: Apache-2.0
#include "btrfs/nested.h"

#include <endian.h>
#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>

#include <cstring>
#include <set>
#include <unordered_map>

#include "btrfs/subvolume.h"
#include "btrfs/tree_search.h"
#include "sys/syscalls.h"

namespace dockerlite::btrfs {
namespace {

static_assert(sizeof(btrfs_root_ref) == 18);
static_assert(sizeof(btrfs_inode_ref) == 10);

// A ROOT_REF item says where in its parent a subvolume is.
bool ParseRootRef(const char* item, size_t size, Nested& nested) {
  btrfs_root_ref ref;
  if (size < sizeof ref) return false;
  std::memcpy(&ref, item, sizeof ref);
  const size_t length = le16toh(ref.name_len);
  if (size - sizeof ref < length) return false;
  nested.directory_id = le64toh(ref.dirid);
  nested.name.assign(item + sizeof ref, length);
  return true;
}

// Directories have one name only, so the first INODE_REF is it.
Status ParentOf(int fd, uint64_t subvolume, uint64_t inode, const std::string& path, uint64_t& parent, std::string& name) {
  bool found = false;
  Status searched = SearchTree(fd, {subvolume, inode, BTRFS_INODE_REF_KEY, 1}, path,
                           [&](uint64_t offset, const char* item, size_t size) {
                             btrfs_inode_ref ref;
                             if (size < sizeof ref) return;
                             std::memcpy(&ref, item, sizeof ref);
                             const size_t length = le16toh(ref.name_len);
                             if (size - sizeof ref < length) return;
                             name.assign(item + sizeof ref, length);
                             parent = offset;
                             found = true;
                           });
  if (!searched) return searched;
  if (!found) return Error{ENOENT, "ioctl(BTRFS_IOC_TREE_SEARCH_V2)", path, {}};
  return Nothing{};
}

}  // namespace

Result<std::vector<Nested>> ListNested(int fd, uint64_t id, const std::string& path) {
  std::vector<Nested> all;
  std::set<uint64_t> seen = {id};
  uint64_t parent = id;
  for (size_t next = 0;; parent = all[next++].id) {
    Status searched = SearchTree(fd, {BTRFS_ROOT_TREE_OBJECTID, parent, BTRFS_ROOT_REF_KEY}, path,
                             [&](uint64_t child, const char* item, size_t size) {
                               Nested nested{child, parent, 0, {}};
                               if (ParseRootRef(item, size, nested) && seen.insert(child).second)
                                 all.push_back(std::move(nested));
                             });
    if (!searched) return searched.error();
    if (next == all.size()) return all;
  }
}

Result<std::string> DirectoryPath(int fd, uint64_t subvolume, uint64_t directory, const std::string& path) {
  std::vector<std::string> names;
  while (directory != BTRFS_FIRST_FREE_OBJECTID) {
    std::string name;
    Status found = ParentOf(fd, subvolume, directory, path, directory, name);
    if (!found) return found.error();
    names.push_back(std::move(name));
  }
  std::string joined;
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    if (!joined.empty()) joined += '/';
    joined += *name;
  }
  return joined;
}

Result<std::vector<std::string>> NestedPaths(const std::string& path) {
  Result<UniqueFd> fd = OpenDirectory(path);
  if (!fd) return fd.error();
  if (Status is = CheckSubvolume(fd.value().get(), path); !is) return is.error();
  Result<uint64_t> id = SubvolumeId(fd.value().get(), path);
  if (!id) return id.error();
  Result<std::vector<Nested>> all = ListNested(fd.value().get(), id.value(), path);
  if (!all) return all.error();
  std::unordered_map<uint64_t, std::string> prefix = {{id.value(), ""}};
  std::vector<std::string> paths;
  for (const Nested& nested : all.value()) {
    Result<std::string> directory = DirectoryPath(fd.value().get(), nested.parent_id, nested.directory_id, path);
    if (!directory) return directory.error();
    std::string full = prefix[nested.parent_id] + directory.value();
    if (!directory.value().empty()) full += '/';
    full += nested.name;
    prefix[nested.id] = full + "/";
    paths.push_back(std::move(full));
  }
  return paths;
}

}  // namespace dockerlite::btrfs
