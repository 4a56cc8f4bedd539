// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace dockerlite {

// Did the kernel kill something of this container for want of memory? Two system calls on files in memory, while the
// container's control group is still there.
bool OomKilled(const std::string& id);

}  // namespace dockerlite
