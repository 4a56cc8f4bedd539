// SPDX-License-Identifier: Apache-2.0
#include "btrfs/send_tree.h"

#include <vector>

namespace dockerlite::btrfs {
namespace {

bool IsName(std::string_view name) { return !name.empty() && name != "." && name != ".."; }

std::string Join(std::vector<const std::string*>& names) {
  std::string path;
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    if (!path.empty()) path += '/';
    path += **name;
  }
  return path;
}

}  // namespace

SendTree::SendTree() {
  root_ = &entries_.emplace_back();
  root_->object = &objects_.emplace_back();
  root_->object->existed = root_->object->directory = root_->existed = true;
}

Status SendTree::Apply(const SendCommand& command) {
  bool applied = false;
  switch (command.type) {
    case SendType::kSubvolume:
    case SendType::kSnapshot:
    case SendType::kEnd:
      return Nothing{};
    case SendType::kMakeFile:
    case SendType::kMakeDirectory:
    case SendType::kMakeNode:
    case SendType::kMakeFifo:
    case SendType::kMakeSocket:
    case SendType::kSymlink:
      applied = command.path && Create(*command.path, command.type);
      break;
    case SendType::kLink:
      applied = command.path && command.path_link && Link(*command.path, *command.path_link);
      break;
    case SendType::kRename:
      applied = command.path && command.path_to && Rename(*command.path, *command.path_to);
      break;
    case SendType::kUnlink:
    case SendType::kRemoveDirectory:
      applied = command.path && Remove(*command.path, command.type == SendType::kRemoveDirectory);
      break;
    default:
      // All others change the inode at `path`, those that a later version adds too.
      applied = command.path && Change(command);
      break;
  }
  if (applied) return Nothing{};
  return Error{EBADMSG, "send stream", std::string(command.path.value_or("")),
               "command " + std::to_string(static_cast<int>(command.type)) + " does not fit the tree"};
}

SendEntry* SendTree::Child(SendEntry* directory, std::string_view name) {
  if (!IsName(name)) return nullptr;
  if (auto known = directory->children.find(name); known != directory->children.end()) return known->second;
  // First heard of: it is in the old tree, if its directory is.
  if (!directory->existed) return nullptr;
  directory->object->directory = true;
  SendEntry* entry = &entries_.emplace_back();
  entry->object = &objects_.emplace_back();
  entry->object->existed = entry->existed = true;
  entry->parent = entry->old_parent = directory;
  entry->name = entry->old_name = name;
  directory->children.emplace(name, entry);
  return entry;
}

SendEntry* SendTree::Find(std::string_view path) {
  SendEntry* entry = root_;
  while (entry && !path.empty()) {
    const size_t slash = path.find('/');
    entry = Child(entry, path.substr(0, slash));
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (slash != std::string_view::npos && path.empty()) return nullptr;
  }
  return entry;
}

bool SendTree::Attach(SendEntry* entry, std::string_view path) {
  const size_t slash = path.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  SendEntry* directory = slash == std::string_view::npos ? root_ : Find(path.substr(0, slash));
  if (!directory || !IsName(name)) return false;
  for (SendEntry* above = directory; above; above = above->parent)
    if (above == entry) return false;  // a directory into itself
  directory->object->directory = true;
  auto [place, added] = directory->children.emplace(name, entry);
  if (!added) {
    if (place->second) place->second->parent = nullptr;  // replaced, as rename(2) would
    place->second = entry;
  }
  entry->parent = directory;
  entry->name = name;
  return true;
}

void SendTree::Detach(SendEntry* entry) {
  entry->parent->children[entry->name] = nullptr;
  entry->parent = nullptr;
}

bool SendTree::Create(std::string_view path, SendType type) {
  SendEntry* entry = &entries_.emplace_back();
  entry->object = &objects_.emplace_back();
  entry->object->directory = type == SendType::kMakeDirectory;
  return Attach(entry, path);
}

bool SendTree::Link(std::string_view path, std::string_view target) {
  SendEntry* linked = Find(target);
  if (!linked || linked == root_) return false;
  SendEntry* entry = &entries_.emplace_back();
  entry->object = linked->object;
  return Attach(entry, path);
}

bool SendTree::Rename(std::string_view from, std::string_view to) {
  SendEntry* entry = Find(from);
  if (!entry || entry == root_) return false;
  Detach(entry);
  return Attach(entry, to);
}

bool SendTree::Remove(std::string_view path, bool directory) {
  SendEntry* entry = Find(path);
  if (!entry || entry == root_) return false;
  entry->object->directory |= directory;
  Detach(entry);
  return true;
}

bool SendTree::Change(const SendCommand& command) {
  SendEntry* entry = Find(*command.path);
  if (!entry) return false;
  SendObject& object = *entry->object;
  // Sent for every inode that was touched in any way, reading included: a change only if the time differs.
  if (command.type == SendType::kUtimes)
    object.modified = command.modified;
  // Sent again with every inode that has it, because chown(2) would have dropped it.
  else if (command.type == SendType::kSetXattr && command.xattr_name == "security.capability")
    object.capabilities = std::string(command.xattr_data.value_or(""));
  else
    object.changed = true;
  return true;
}

bool SendTree::IsThere(const SendEntry& entry) const {
  const SendEntry* top = &entry;
  while (top->parent) top = top->parent;
  return top == root_;
}

std::string SendTree::Path(const SendEntry& entry) const {
  std::vector<const std::string*> names;
  for (const SendEntry* at = &entry; at->parent; at = at->parent) names.push_back(&at->name);
  return Join(names);
}

std::string SendTree::OldPath(const SendEntry& entry) const {
  std::vector<const std::string*> names;
  for (const SendEntry* at = &entry; at->old_parent; at = at->old_parent) names.push_back(&at->old_name);
  return Join(names);
}

}  // namespace dockerlite::btrfs
