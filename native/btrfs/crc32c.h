// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace dockerlite::btrfs {

// The CRC of the send stream: CRC-32C without the usual inversions, from 0 or from the CRC of what comes before `bytes`.
uint32_t Crc32c(std::string_view bytes, uint32_t before = 0);

}  // namespace dockerlite::btrfs
