// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "archive/abort.h"
#include "archive/pack.h"
#include "sys/result.h"

namespace dockerlite::tree {

// Copies what is in the host's directory `source` below `root`, sharing extents where both are on one file system.
Result<Count> copyTree(const std::string& source, const std::string& root, Abort& abort);

}  // namespace dockerlite::tree
