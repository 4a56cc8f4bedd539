// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "net/address.h"
#include "sys/result.h"

namespace dockerlite {

// A veth pair to make: one end on a bridge of the host, the other in a network namespace.
struct Veth {
  std::string bridge;
  std::string host;  // names of the two ends
  std::string name;
  std::array<uint8_t, 6> hardware{};
  std::vector<Address> addresses;
  std::vector<Address> gateways;  // default routes
  uint32_t mtu = 0;
};

// Connects the namespace `netns` is open on: the far end is there and up with its addresses and routes when this
// returns, or there is nothing of the pair.
Status ConnectVeth(int netns, const Veth& veth);

}  // namespace dockerlite
