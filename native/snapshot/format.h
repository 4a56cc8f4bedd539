// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace dockerlite::snapshot {

// What one image looks like on its way to another store; several may follow one another.
//
//   "dockerlite-snap\n"   u32 version (1)   u32 length of the description, both little-endian
//   the description: JSON, see lib/images/snapshot-description.ts
//   a btrfs send stream, which says itself where it ends
//   "dockerlite-done\n"   sha256 of all that comes before this line, as 64 lower-case hex digits
constexpr std::string_view kHead = "dockerlite-snap\n";
constexpr std::string_view kTail = "dockerlite-done\n";
constexpr uint32_t kVersion = 1;
constexpr size_t kHeadSize = kHead.size() + 8;
constexpr size_t kDigestSize = 64;
constexpr uint32_t kLongestDescription = 8 << 20;

inline void AppendLittle(std::string& text, uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) text += static_cast<char>(value >> shift & 0xff);
}

inline uint32_t ReadLittle(std::string_view bytes) {
  uint32_t value = 0;
  for (size_t i = 4; i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

inline std::string MakeHead(std::string_view description) {
  std::string head(kHead);
  AppendLittle(head, kVersion);
  AppendLittle(head, static_cast<uint32_t>(description.size()));
  return head.append(description);
}

}  // namespace dockerlite::snapshot
