// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "archive/abort.h"
#include "archive/fd_stream.h"
#include "sys/result.h"

namespace dockerlite::tree {

// Writes what a compressed file (any compression the decoder knows) or a plain one holds; stops past `maxBytes`.
Result<uint64_t> decompressFile(ArchiveEnd source, ArchiveEnd target, uint64_t maxBytes, Abort& abort);

}  // namespace dockerlite::tree
