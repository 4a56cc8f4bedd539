// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "net/address.h"
#include "sys/result.h"

namespace dockerlite {

struct Bridge {
  std::string name;
  std::vector<Address> addresses;  // the first one is IPv4
  uint32_t mtu = 0;                // 0: the kernel's default
};

// Makes the bridge exist, have the addresses and be up. Every step is one request of which "it is so already" is a
// success, so any number of processes may do this at once, and one that died half-way is finished by the next.
Status EnsureBridge(const Bridge& bridge);

}  // namespace dockerlite
