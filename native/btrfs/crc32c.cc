// SPDX-License-Identifier: Apache-2.0
#include "btrfs/crc32c.h"

#include <array>
#include <cstddef>

namespace dockerlite::btrfs {
namespace {

constexpr size_t kLanes = 8;
using Tables = std::array<std::array<uint32_t, 256>, kLanes>;

constexpr Tables MakeTables() {
  Tables tables{};
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
    tables[0][byte] = crc;
  }
  for (size_t lane = 1; lane < kLanes; lane++)
    for (size_t byte = 0; byte < 256; byte++)
      tables[lane][byte] = (tables[lane - 1][byte] >> 8) ^ tables[0][tables[lane - 1][byte] & 0xff];
  return tables;
}

constexpr Tables kTables = MakeTables();

}  // namespace

uint32_t Crc32c(std::string_view bytes, uint32_t crc) {
  auto at = [&](size_t index) { return static_cast<uint8_t>(bytes[index]); };
  // Eight bytes at a time: as fast as the hashing that goes with it.
  while (bytes.size() >= kLanes) {
    const uint32_t low = crc ^ (at(0) | at(1) << 8 | at(2) << 16 | static_cast<uint32_t>(at(3)) << 24);
    crc = kTables[7][low & 0xff] ^ kTables[6][low >> 8 & 0xff] ^ kTables[5][low >> 16 & 0xff] ^ kTables[4][low >> 24] ^
          kTables[3][at(4)] ^ kTables[2][at(5)] ^ kTables[1][at(6)] ^ kTables[0][at(7)];
    bytes.remove_prefix(kLanes);
  }
  for (char byte : bytes) crc = (crc >> 8) ^ kTables[0][(crc ^ static_cast<uint8_t>(byte)) & 0xff];
  return crc;
}

}  // namespace dockerlite::btrfs
