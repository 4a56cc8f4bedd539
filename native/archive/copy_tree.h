// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "archive/abort.h"
#include "archive/pack.h"
#include "sys/result.h"

namespace dockerlite::tree {

// Copies what is in the host's directory `source` below `root`, sharing extents where both are on one file system; with
// `from` only that directory of it, found as if `source` were "/".
Result<Count> copyTree(const std::string& source, const std::optional<std::string>& from, const std::string& root,
                       Abort& abort);

}  // namespace dockerlite::tree
