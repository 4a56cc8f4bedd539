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
};

// Makes the pair, its far end in the namespace `netns` is open on, with the bridge's MTU. One request, which spares the kernel the
// moving of a link that is made here; what is left of an earlier pair of the name goes.
Status CreatePair(int netns, const Veth& veth);
// Gives the far end its addresses, brings it up and adds its routes. In the namespace it is in.
Status ConfigureEnd(const Veth& veth);
// Removes a pair by its end here; fine when there is none.
Status RemovePair(const std::string& host);

}  // namespace dockerlite
