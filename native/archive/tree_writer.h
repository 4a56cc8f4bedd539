// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "archive/root_dir.h"
#include "archive/xattrs.h"
#include "sys/result.h"
#include "sys/unique_fd.h"

namespace dockerlite::tree {

// What a tree entry has besides its name and content.
struct Meta {
  mode_t mode = 0;  // type and permissions
  uid_t uid = 0;
  gid_t gid = 0;
  timespec mtime = {0, UTIME_OMIT};
  dev_t device = 0;
  std::vector<Xattr> xattrs;
};

// Makes files below `base` of an untrusted root while that root fills up. Names are clean (cleanName).
// Directories on the way are resolved within the root, links among them followed; the last component never is:
// whatever has that name is replaced, except that a directory over a directory is kept and given the new meta.
// Nothing is synced: durability is the caller's file system commit.
class TreeWriter {
 public:
  struct Rules {
    bool allowReplace = true;
    bool keepDirectoryLinks = false;
  };
  TreeWriter(RootDir& root, std::string base, Rules rules) : root_(root), base_(std::move(base)), rules_(rules) {}

  Status directory(const std::string& name, const Meta& meta);
  // The new, empty file, open for writing; give it its meta when it is full.
  Result<UniqueFd> file(const std::string& name);
  Status finishFile(int fd, const Meta& meta);
  Status symlink(const std::string& name, const std::string& target, const Meta& meta);
  Status hardLink(const std::string& name, const std::string& target);
  // Device or FIFO.
  Status node(const std::string& name, const Meta& meta);
  // Somebody else has removed something: names are looked up anew.
  void forgetParents() { parents_.clear(); }
  // Gives directories the times and default ACLs that filling them would have spoilt or spread.
  Status finish();

 private:
  using Parent = std::shared_ptr<const UniqueFd>;
  using Make = std::function<int(int parent, const char* name)>;
  struct Late {
    dev_t device;
    ino_t inode;
    timespec mtime;
    std::optional<Xattr> defaultAcl;
  };

  std::string full(const std::string& name) const;
  Result<Parent> parent(const std::string& directory, bool create);
  Result<UniqueFd> makeDirectories(const std::string& directory);
  // Calls `make`, which returns -1 with errno; clears the name and calls again when something is there.
  Result<Parent> make(const std::string& path, const char* call, bool directory, const Make& make);
  // A link that leads to a directory, where that stands for one.
  bool isKeptLink(const std::string& path) const;
  Status clear(int parent, const std::string& name, bool forDirectory);
  Status finishNode(int parent, const std::string& name, const Meta& meta);

  RootDir& root_;
  std::string base_;
  Rules rules_;
  std::unordered_map<std::string, Parent> parents_;
  std::unordered_map<std::string, Late> late_;
};

}  // namespace dockerlite::tree
