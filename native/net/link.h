// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sys/result.h"

namespace dockerlite {

struct Link {
  std::string name;
  int index = 0;
  std::string kind;
  bool up = false;
  std::vector<std::string> addresses;  // CIDR
};

// Every interface of this network namespace with its IPv4 and IPv6 addresses.
Result<std::vector<Link>> ListLinks();

// Destinations of the main routing table (without the default route) and the networks of all addresses, IPv4 CIDR.
Result<std::vector<std::string>> ListUsedSubnets();

Status DeleteLink(const std::string& name);

}  // namespace dockerlite
