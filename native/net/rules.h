// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "sys/result.h"

namespace dockerlite {

// Runs nft commands as one transaction through libnftables; what they print.
Result<std::string> RunNft(const std::string& commands, bool json);

// Is there a table of this name in nftables' family `protocol`? One netlink request, without libnftables.
Result<bool> HasTable(uint8_t protocol, const std::string& name);

}  // namespace dockerlite
