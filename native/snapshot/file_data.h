// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "btrfs/send_stream.h"
#include "snapshot/confined_tree.h"
#include "snapshot/limits.h"
#include "sys/result.h"

namespace dockerlite::snapshot {

// The commands of a send stream that are about what is in files.
class FileData {
 public:
  // `parent` may be null; `stop` is asked from time to time.
  FileData(ConfinedTree& tree, ConfinedTree* parent, const Limits& limits, Applied& applied, std::function<bool()> stop)
      : tree_(tree), parent_(parent), limits_(limits), applied_(applied), stop_(std::move(stop)) {}

  // Of the subvolume that is sent and of its parent: clones name one of them.
  void SetUuids(std::string_view own, std::string_view parent) {
    own_uuid_ = own;
    parent_uuid_ = parent;
  }

  Status Write(const btrfs::SendCommand& command);
  Status WriteEncoded(const btrfs::SendCommand& command);
  Status Clone(const btrfs::SendCommand& command);
  Status Truncate(const btrfs::SendCommand& command);
  Status Fallocate(const btrfs::SendCommand& command);

  // What was open under a name may not be what has that name now.
  void Forget() { file_.reset(); }

 private:
  Result<int> OpenTarget(std::string_view path);
  Status CheckEnd(uint64_t offset, uint64_t length) const;
  Status Account(uint64_t offset, uint64_t length);
  Result<UniqueFd> OpenSource(const btrfs::SendCommand& command);
  Status Copy(int from, int64_t from_offset, int to, int64_t to_offset, uint64_t length);

  ConfinedTree& tree_;
  ConfinedTree* parent_;
  const Limits& limits_;
  Applied& applied_;
  std::function<bool()> stop_;
  std::string own_uuid_, parent_uuid_;
  std::string path_;  // of file_
  UniqueFd file_;
};

}  // namespace dockerlite::snapshot
