// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netinet/in.h>

#include <cstdint>

#include "sys/result.h"

namespace dockerlite {

// Sockets that are reached by another port than the one they are bound to, and answer from it.
struct PortAlias {
  in_addr address;    // one of the machine's own
  uint16_t port;      // by which they are reached
  uint16_t udp, tcp;  // to which they are bound
};

// Makes the alias in the thread's network namespace, or changes the one that is there.
Status SetPortAlias(const PortAlias& alias);

}  // namespace dockerlite
