// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "btrfs/send_fold.h"
#include "sys/result.h"

namespace dockerlite::btrfs {

// What changed from the read-only subvolume `parent` to the read-only subvolume `snapshot`, read
// from the kernel's send stream without file data: its cost is that of the changes, not of the trees.
Result<std::vector<Change>> SendDiff(const std::string& parent, const std::string& snapshot);

}  // namespace dockerlite::btrfs
