// SPDX-License-Identifier: Apache-2.0
#include "archive/pack_layer.h"

#include <fcntl.h>

#include <map>
#include <optional>
#include <unordered_set>

#include "archive/names.h"
#include "archive/packer.h"
#include "archive/root_dir.h"
#include "archive/tree_walk.h"

namespace dockerlite::tree {
namespace {

struct Found {
  UniqueFd fd;
  struct stat st;
};

class LayerPacker {
 public:
  LayerPacker(RootDir& below, RootDir& root, FdWriter& out, Abort& abort)
      : below_(below), root_(root), packer_(out, abort) {}

  Result<Count> run(const LayerChanges& changes);

 private:
  using Link = std::pair<dev_t, ino_t>;

  // What has this very name; its last component is never followed.
  static Result<std::optional<Found>> look(const RootDir& root, const std::string& path);
  Status path(const std::string& path, bool whole);
  Status gone(const std::string& path);
  // An entry, the directories above it first.
  Status add(const std::string& path, const Found& found);
  Status above(const std::string& path);
  Status tree(const std::string& path, Found found);
  // Other names of files that changed: the change is told of one of them only.
  Status otherNames();

  RootDir& below_;
  RootDir& root_;
  Packer packer_;
  std::unordered_set<std::string> added_;
  // Directories of which nothing below is left.
  std::unordered_set<std::string> opaque_;
  std::map<Link, nlink_t> missing_;
};

Result<std::optional<Found>> LayerPacker::look(const RootDir& root, const std::string& path) {
  auto fd = root.openIn(path, O_PATH | O_NOFOLLOW);
  if (!fd && (fd.error().code == ENOENT || fd.error().code == ENOTDIR)) return std::optional<Found>();
  if (!fd) return fd.error();
  Found found{std::move(fd.value()), {}};
  if (::fstat(found.fd.get(), &found.st) != 0) return Error::last("fstat", printable(path));
  return std::optional<Found>(std::move(found));
}

Status LayerPacker::above(const std::string& path) {
  if (path.empty()) return Nothing{};
  std::string directory = splitName(path).first;
  if (added_.contains(directory)) return Nothing{};
  auto found = look(root_, directory);
  if (!found) return found.error();
  return found.value() ? add(directory, *found.value()) : Status(Nothing{});
}

Status LayerPacker::add(const std::string& path, const Found& found) {
  if (auto done = above(path); !done) return done;
  if (!added_.insert(path).second) return Nothing{};
  auto done = packer_.add(Visit{found.fd.get(), path, found.st}, path);
  if (!done) return done.error();
  if (!S_ISDIR(found.st.st_mode)) {
    if (found.st.st_nlink > 1) missing_.emplace(Link(found.st.st_dev, found.st.st_ino), found.st.st_nlink).first->second--;
    return Nothing{};
  }
  // Another directory of the same name: what the one below had is not in it.
  auto before = look(below_, path);
  if (!before) return before.error();
  if (!before.value() || !S_ISDIR(before.value()->st.st_mode) || before.value()->st.st_ino == found.st.st_ino) return Nothing{};
  opaque_.insert(path);
  return packer_.marker(joinName(path, ".wh..wh..opq"));
}

Status LayerPacker::tree(const std::string& top, Found found) {
  return walkTree(std::move(found.fd), [&](const Visit& visit) -> Result<bool> {
    std::string path = joinName(top, visit.path);
    UniqueFd own(::fcntl(visit.fd, F_DUPFD_CLOEXEC, 3));
    if (!own) return Error::last("fcntl(F_DUPFD_CLOEXEC)");
    if (auto done = add(path, Found{std::move(own), visit.st}); !done) return done.error();
    return S_ISDIR(visit.st.st_mode);
  });
}

Status LayerPacker::gone(const std::string& path) {
  auto [directory, name] = splitName(path);
  auto before = look(below_, path);
  if (!before) return before.error();
  auto parent = look(root_, directory);
  if (!parent) return parent.error();
  // It went with its directory, or was never there.
  if (!before.value() || !parent.value() || !S_ISDIR(parent.value()->st.st_mode)) return Nothing{};
  if (auto done = add(directory, *parent.value()); !done) return done;
  return opaque_.contains(directory) ? Status(Nothing{}) : packer_.marker(joinName(directory, ".wh." + name));
}

Status LayerPacker::path(const std::string& path, bool whole) {
  auto found = look(root_, path);
  if (!found) return found.error();
  if (!found.value()) return gone(path);
  if (auto done = add(path, *found.value()); !done) return done;
  bool directory = S_ISDIR(found.value()->st.st_mode);
  return directory && (whole || opaque_.contains(path)) ? tree(path, std::move(*found.value())) : Status(Nothing{});
}

Status LayerPacker::otherNames() {
  std::erase_if(missing_, [](const auto& entry) { return entry.second == 0; });
  if (missing_.empty()) return Nothing{};
  auto top = root_.openIn("", O_PATH | O_DIRECTORY);
  if (!top) return top.error();
  return walkTree(std::move(top.value()), [&](const Visit& visit) -> Result<bool> {
    if (S_ISDIR(visit.st.st_mode)) return true;
    if (!missing_.contains(Link(visit.st.st_dev, visit.st.st_ino)) || added_.contains(visit.path)) return false;
    if (auto done = above(visit.path); !done) return done.error();
    added_.insert(visit.path);
    auto done = packer_.add(visit, visit.path);
    return done ? Result<bool>(false) : done;
  });
}

Result<Count> LayerPacker::run(const LayerChanges& changes) {
  for (const std::string& each : changes.touched) {
    if (auto done = path(each, changes.moved.contains(each)); !done) return done.error();
  }
  if (auto done = otherNames(); !done) return done.error();
  return packer_.finish();
}

}  // namespace

Result<Count> packLayer(const std::string& belowPath, const std::string& rootPath, const LayerChanges& changes,
                        ArchiveEnd target, Abort& abort) {
  auto below = RootDir::open(belowPath);
  if (!below) return below.error();
  auto root = RootDir::open(rootPath);
  if (!root) return root.error();
  auto out = FdWriter::open(std::move(target), abort);
  if (!out) return out.error();
  return LayerPacker(below.value(), root.value(), out.value(), abort).run(changes);
}

}  // namespace dockerlite::tree
