// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "sys/result.h"

namespace dockerlite {

// The names of containers, as files in memory: DIRECTORY/NETWORK/n/NAME/CONTAINER is a link whose text is the container's
// addresses there, DIRECTORY/NETWORK/p/ADDRESS one whose text is its name. A look-up is one readdir(3), however many there are.
struct Membership {
  std::string network;                 // id
  std::string domain;                  // its name
  std::vector<std::string> addresses;
  std::vector<std::string> names;      // lower case, the first one is the container's own
};

// All of them, or an error: who cannot be found must not seem to be there.
Status PublishNames(const std::string& directory, const std::string& container, const std::vector<Membership>& memberships);
void WithdrawNames(const std::string& directory, const std::string& container, const std::vector<Membership>& memberships);

// Addresses, as text, of the containers in one of the networks that have this name, alone or followed by the network's.
std::vector<std::string> FindAddresses(const std::string& directory, const std::vector<Membership>& memberships, const std::string& name);
// The name of the container with this address; empty for none.
std::string FindName(const std::string& directory, const std::vector<Membership>& memberships, const std::string& address);

}  // namespace dockerlite
