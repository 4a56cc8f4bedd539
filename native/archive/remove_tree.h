// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sys/result.h"

namespace dockerlite::tree {

// Removes `name` in the directory `parent` with all that is below it; links are removed, never followed.
Status removeTree(int parent, const std::string& name);

}  // namespace dockerlite::tree
