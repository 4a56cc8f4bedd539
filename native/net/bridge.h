// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "sys/result.h"

namespace dockerlite {

struct Bridge {
  std::string name;
  uint32_t address = 0;  // network byte order
  uint8_t prefix = 0;
  uint32_t mtu = 0;      // 0: the kernel's default
};

// Makes the bridge exist, have the address and be up. Every step is one request of which "it is so already" is a
// success, so any number of processes may do this at once, and one that died half-way is finished by the next.
Status EnsureBridge(const Bridge& bridge);

}  // namespace dockerlite
