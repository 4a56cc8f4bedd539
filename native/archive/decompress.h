// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/source.h"
#include "sys/result.h"

namespace dockerlite::tree {

// Writes what `source` decompresses to, having said first whether it is compressed. Bytes after the end of the compressed
// stream may be left unread.
Status decompress(Source& source, ByteSink& sink, bool& compressed);

}  // namespace dockerlite::tree
