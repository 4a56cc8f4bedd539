// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace dockerlite {

// Removes the control groups of that name, which liblxc made and could not remove; false when one stays.
bool RemoveCgroups(const std::string& name);

}  // namespace dockerlite
