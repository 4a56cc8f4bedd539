// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "sys/result.h"

namespace dockerlite {

// What a device or file holds: "" when its first and last MiB are zeros, else the word of a
// signature that is known, else "unknown".
Result<std::string> ProbeSignature(const std::string& path);

// The word for these first bytes of a device; "" when they are zeros.
std::string NameSignature(std::string_view start);

}  // namespace dockerlite
