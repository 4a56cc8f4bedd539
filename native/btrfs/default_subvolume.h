// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "sys/result.h"

namespace dockerlite::btrfs {

// Id of the subvolume that is mounted when nobody says which. The kernel refuses to delete that one.
Result<uint64_t> DefaultSubvolume(int fd, const std::string& path);

// Makes the top level of the file system the default, as mkfs does.
Status ResetDefaultSubvolume(int fd, const std::string& path);

}  // namespace dockerlite::btrfs
