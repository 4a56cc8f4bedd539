// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "archive/abort.h"
#include "archive/fd_stream.h"
#include "sys/result.h"

namespace dockerlite::snapshot {

struct SendRequest {
  std::string tree;                   // a read-only subvolume
  std::optional<std::string> parent;  // another, that the receiver has: only the difference to it is sent
  std::string description;            // see format.h
};

// Writes what makes `tree` out of its parent, or of nothing, with all data. Returns how many bytes that were.
Result<uint64_t> Send(const SendRequest& request, tree::ArchiveEnd target, tree::Abort& abort);

}  // namespace dockerlite::snapshot
