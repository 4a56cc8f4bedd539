// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sys/result.h"
#include "sys/unique_fd.h"

namespace dockerlite {

// Keeps the range of ids in `config` from every other container of the machine, of whatever store, for as long as the
// descriptor is open: a lock of one byte in a file that all supervisors have in common. When somebody has it, the next one
// between `lowest` and `highest` that is free takes its place in `config`. Does nothing for other containers' namespaces.
Result<UniqueFd> ClaimIds(std::vector<std::string>& config, uint32_t lowest, uint32_t highest);

}  // namespace dockerlite
