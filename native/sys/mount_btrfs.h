// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sys/result.h"

namespace dockerlite {

// Mounts the btrfs image `file` on `target`; nothing to do where it is mounted there already, EBUSY where something else is.
Status MountLoop(const std::string& file, const std::string& target);

// The same for a block device.
Status MountDevice(const std::string& device, const std::string& target);

// Takes the mount off `target`, which may not be a symbolic link.
Status Unmount(const std::string& target);

}  // namespace dockerlite
