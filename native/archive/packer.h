// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "archive/abort.h"
#include "archive/fd_stream.h"
#include "archive/pack.h"
#include "archive/pax_header.h"
#include "archive/tree_walk.h"
#include "sys/result.h"

namespace dockerlite::tree {

// Writes what a walk meets as PAX tar; files met under several names become hard links.
class Packer {
 public:
  Packer(FdWriter& out, Abort& abort) : out_(out), abort_(abort) {}

  // `name` is the entry's, "" for the top. True for a directory.
  Result<bool> add(const Visit& visit, const std::string& name);
  // An empty file of root's.
  Status marker(const std::string& name);
  // The archive's end.
  Result<Count> finish();

 private:
  Status file(const Visit& visit, PaxEntry& entry);
  Status content(int fd, const Region& region);
  Status emit(const PaxEntry& entry);

  static constexpr size_t kBuffer = 256 * 1024;
  FdWriter& out_;
  Abort& abort_;
  Count count_;
  std::vector<char> buffer_ = std::vector<char>(kBuffer);
  std::map<std::pair<dev_t, ino_t>, std::string> seen_;  // files with more than one name
};

}  // namespace dockerlite::tree
