// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sys/result.h"

namespace dockerlite {

// Sets a net.* kernel setting of this network namespace unless it has the value already; the old value.
Result<std::string> SetNetSysctl(const std::string& key, const std::string& value);

}  // namespace dockerlite
