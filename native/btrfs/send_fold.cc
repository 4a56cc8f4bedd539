// SPDX-License-Identifier: Apache-2.0
#include "btrfs/send_fold.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace dockerlite::btrfs {
namespace {

bool TreeOrder(const Change& a, const Change& b) {
  return std::lexicographical_compare(a.path.begin(), a.path.end(), b.path.begin(), b.path.end(), [](char x, char y) {
    const int left = x == '/' ? -1 : static_cast<unsigned char>(x);
    const int right = y == '/' ? -1 : static_cast<unsigned char>(y);
    return left < right;
  });
}

class Folder {
 public:
  explicit Folder(const SendTree& tree) : tree_(tree) {}

  std::vector<Change> Run() {
    for (const SendEntry& entry : tree_.entries()) Sort(entry);
    PairLinks();
    for (const SendEntry* entry : gone_) gone_paths_.emplace(tree_.OldPath(*entry));
    for (const SendEntry* entry : fresh_) AddFresh(*entry);
    for (const SendEntry* entry : gone_) AddGone(*entry);
    AddChanged();
    SortChanges(changes_);
    return std::move(changes_);
  }

 private:
  void Sort(const SendEntry& entry) {
    const bool there = tree_.IsThere(entry);
    if (entry.existed && there) {
      AddKept(entry);
    } else if (entry.existed) {
      gone_.push_back(&entry);
      gone_entries_.insert(&entry);
    } else if (there) {
      fresh_.push_back(&entry);
    }
  }

  // In both trees, moved or not.
  void AddKept(const SendEntry& entry) {
    if (entry.parent != entry.old_parent || entry.name != entry.old_name) AddMoved(entry, entry);
    changed_.try_emplace(entry.object, tree_.Path(entry), tree_.OldPath(entry));
  }

  void AddMoved(const SendEntry& now, const SendEntry& old) {
    std::string path = tree_.Path(now), from = tree_.OldPath(old);
    occupants_[path] = &now;
    // The same path in another directory: that one was made again and this put back.
    if (path != from) changes_.push_back({ChangeKind::kRenamed, std::move(path), std::move(from), true, {}, {}});
  }

  // Changed inodes that are in both trees, each by one name.
  void AddChanged() {
    for (auto& [object, paths] : changed_) {
      auto& [path, from] = paths;
      // The root's time says only that something in it changed.
      if (!object->changed && (path.empty() || (!object->modified && !object->capabilities))) continue;
      changes_.push_back({ChangeKind::kChanged, std::move(path), std::move(from), object->changed, object->modified,
                          object->capabilities, true});
    }
  }

  // Files are renamed by a new link and the removal of the old one.
  void PairLinks() {
    std::unordered_map<const SendObject*, std::vector<const SendEntry*>> old_names;
    for (const SendEntry* entry : gone_) old_names[entry->object].push_back(entry);
    std::erase_if(fresh_, [&](const SendEntry* entry) {
      auto names = old_names.find(entry->object);
      if (names == old_names.end() || names->second.empty()) return false;
      const SendEntry* old = names->second.back();
      names->second.pop_back();
      gone_entries_.erase(old);
      AddMoved(*entry, *old);
      changed_.try_emplace(entry->object, tree_.Path(*entry), tree_.OldPath(*old));
      return true;
    });
    std::erase_if(gone_, [&](const SendEntry* entry) { return !gone_entries_.contains(entry); });
  }

  void AddFresh(const SendEntry& entry) {
    std::string path = tree_.Path(entry);
    occupants_[path] = &entry;
    const ChangeKind kind = gone_paths_.contains(path) ? ChangeKind::kChanged : ChangeKind::kAdded;
    changes_.push_back({kind, std::move(path), {}, true, {}, {}});
  }

  // Directories come before what is in them, as in tree_.entries().
  void AddGone(const SendEntry& entry) {
    std::string path = tree_.OldPath(entry);
    const Rest own = RestOf(entry.old_parent);
    auto occupant = occupants_.find(path);
    if (occupant == occupants_.end()) {
      rest_[&entry] = own == Rest::kUncertain ? own : Rest::kImplied;
      if (own != Rest::kImplied)
        changes_.push_back({ChangeKind::kDeleted, std::move(path), {}, own == Rest::kDeleted, {}, {}});
    } else if (occupant->second->existed || occupant->second->object->existed) {
      rest_[&entry] = Rest::kUncertain;  // a directory that came here may have names of its own that are the same
    } else {
      rest_[&entry] = occupant->second->object->directory ? Rest::kDeleted : Rest::kImplied;
    }
  }

  // What to say of deleted names in a directory.
  enum class Rest {
    kDeleted,    // each is listed
    kImplied,    // the directory's own change says it
    kUncertain,  // the new tree has to be asked
  };

  Rest RestOf(const SendEntry* directory) const {
    auto rest = rest_.find(directory);
    return rest == rest_.end() ? Rest::kDeleted : rest->second;
  }

  const SendTree& tree_;
  std::vector<const SendEntry*> gone_;   // deleted names
  std::vector<const SendEntry*> fresh_;  // new names
  std::unordered_set<const SendEntry*> gone_entries_;
  std::unordered_set<std::string> gone_paths_;
  std::unordered_map<std::string, const SendEntry*> occupants_;  // what came to a path
  std::unordered_map<const SendEntry*, Rest> rest_;              // of deleted directories
  std::unordered_map<const SendObject*, std::pair<std::string, std::string>> changed_;  // path and old path
  std::vector<Change> changes_;
};

}  // namespace

void SortChanges(std::vector<Change>& changes) { std::sort(changes.begin(), changes.end(), TreeOrder); }

std::vector<Change> FoldChanges(const SendTree& tree) { return Folder(tree).Run(); }

}  // namespace dockerlite::btrfs
