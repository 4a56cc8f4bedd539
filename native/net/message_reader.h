// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <cstring>
#include <string_view>

namespace dockerlite::netlink {

// Calls `visit(type, bytes)` with each attribute of `bytes`; what is cut off in the middle ends it.
template <typename Visit>
void ForEachAttributeOf(std::string_view bytes, Visit visit) {
  for (size_t at = 0; at + sizeof(nlattr) <= bytes.size();) {
    nlattr attribute;
    memcpy(&attribute, bytes.data() + at, sizeof attribute);
    if (attribute.nla_len < sizeof attribute || attribute.nla_len > bytes.size() - at) return;
    visit(static_cast<uint16_t>(attribute.nla_type & NLA_TYPE_MASK), bytes.substr(at + sizeof attribute, attribute.nla_len - sizeof attribute));
    at += NLA_ALIGN(attribute.nla_len);
  }
}

// The last attribute of that type; empty without one.
inline std::string_view Find(std::string_view bytes, uint16_t type) {
  std::string_view found;
  ForEachAttributeOf(bytes, [&](uint16_t each, std::string_view value) {
    if (each == type) found = value;
  });
  return found;
}

}  // namespace dockerlite::netlink
