// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "sys/result.h"
#include "sys/unique_fd.h"

namespace dockerlite {

// A loop device with a file attached. It detaches itself when nothing holds it open: keep `fd`
// until the device is mounted.
struct LoopDevice {
  UniqueFd fd;
  std::string path;  // "/dev/loop3"
};

// The device that already has this file (two of them would be two caches over the same blocks,
// which destroys a file system), else a free one that now has it.
Result<LoopDevice> AttachLoop(const std::string& file);

// Takes the file from the device; when somebody uses it, once nobody does. Fine when it has none.
Status DetachLoop(const std::string& device);

// Is `device` ("/dev/loop3") a loop device over this very file?
bool IsLoopOver(const std::string& device, const std::string& file);

}  // namespace dockerlite
