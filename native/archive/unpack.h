// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "archive/abort.h"
#include "archive/decoder.h"
#include "archive/fd_stream.h"
#include "sys/result.h"

namespace dockerlite::tree {

struct UnpackOptions {
  std::optional<uint64_t> maxBytes;
  std::optional<uint64_t> maxEntries;
  std::string into;  // clean
  std::optional<std::pair<uint32_t, uint32_t>> owner;
  bool allowReplace = true;
  // A directory over a link to a directory (within the root) leaves the link.
  bool keepDirectoryLinks = false;
  // A layer over what the root holds: whiteouts remove from it.
  bool layer = false;
  // Whether the result has digests.
  bool digests = true;
};

struct UnpackResult {
  uint64_t entries = 0;
  uint64_t bytes = 0;
  std::string digest;
  std::string diffId;
};

// Unpacks a tar stream below `root`. What it refuses it refuses as a whole: the caller throws the tree away.
Result<UnpackResult> unpack(ArchiveEnd source, const std::string& root, const UnpackOptions& options, Abort& abort);
Result<UnpackResult> unpack(Decoder& decoder, const std::string& root, const UnpackOptions& options, Abort& abort);

}  // namespace dockerlite::tree
