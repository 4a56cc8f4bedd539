// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "seccomp/compile.h"

namespace dockerlite::seccomp {

// Instructions to go before a filter: answer calls that are newer than every call the policy names, by architecture.
std::string Beyond(const Policy& policy, const std::vector<uint32_t>& architectures);

}  // namespace dockerlite::seccomp
