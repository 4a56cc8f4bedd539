// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include "supervisor/idmap.h"
#include "sys/result.h"

namespace dockerlite {

// A node of the same device as `source`, in a mount that is attached nowhere yet, with the owner it has on the host as the
// container sees it. devtmpfs cannot be idmapped, and what belongs to nobody in a container is closed to its root.
Result<UniqueFd> MakeDeviceNode(const struct stat& source, const Idmap& map);

}  // namespace dockerlite
