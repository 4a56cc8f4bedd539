// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "btrfs/send_stream.h"
#include "sys/result.h"

namespace dockerlite::btrfs {

// What the stream says happened to an inode.
struct SendObject {
  bool existed = false;      // in the old tree
  bool directory = false;    // known to be one
  bool changed = false;      // content, mode, owner or attributes
  std::optional<SendTime> modified;         // the time it was given
  std::optional<std::string> capabilities;  // the value of security.capability it was given
};

// A name in a directory. The entry stays the same when it moves.
struct SendEntry {
  SendObject* object = nullptr;
  SendEntry* parent = nullptr;  // null: the root, or removed
  std::string name;
  bool existed = false;         // in the old tree, there as:
  SendEntry* old_parent = nullptr;
  std::string old_name;
  // Names that the stream spoke of; null for one that is not there (any more). What is not in here
  // is what it was in the old tree.
  std::map<std::string, SendEntry*, std::less<>> children;
};

// The old tree as far as the stream speaks of it, with the stream's commands applied. The stream
// moves things out of the way to names of its own and creates under such names too; following
// entries through all their renames makes those names disappear again.
class SendTree {
 public:
  SendTree();

  // EBADMSG when the command cannot be about this tree.
  Status Apply(const SendCommand& command);

  const std::deque<SendEntry>& entries() const { return entries_; }

  // Is it in the new tree?
  bool IsThere(const SendEntry& entry) const;
  std::string Path(const SendEntry& entry) const;
  std::string OldPath(const SendEntry& entry) const;

 private:
  SendEntry* Find(std::string_view path);
  SendEntry* Child(SendEntry* directory, std::string_view name);
  bool Attach(SendEntry* entry, std::string_view path);
  void Detach(SendEntry* entry);
  bool Create(std::string_view path, SendType type);
  bool Link(std::string_view path, std::string_view target);
  bool Rename(std::string_view from, std::string_view to);
  bool Remove(std::string_view path, bool directory);
  bool Change(const SendCommand& command);

  std::deque<SendObject> objects_;  // deques: pointers to elements stay valid
  std::deque<SendEntry> entries_;
  SendEntry* root_;
};

}  // namespace dockerlite::btrfs
