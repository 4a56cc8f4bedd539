// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>

namespace dockerlite {

// An IPv4 or IPv6 address with the length of its network's prefix.
struct Address {
  int family = AF_UNSPEC;
  uint8_t bytes[16] = {};
  uint8_t prefix = 0;

  size_t size() const { return family == AF_INET ? 4 : 16; }
};

// "172.30.0.1/16", "fd00::1/64"; without a prefix it is that of one address.
inline std::optional<Address> ParseAddress(const std::string& text) {
  const size_t slash = text.find('/');
  const std::string head = text.substr(0, slash);
  Address address;
  address.family = head.find(':') == std::string::npos ? AF_INET : AF_INET6;
  if (inet_pton(address.family, head.c_str(), address.bytes) != 1) return std::nullopt;
  const unsigned longest = static_cast<unsigned>(address.size()) * 8;
  unsigned prefix = longest;
  if (slash != std::string::npos) {
    const char* end = text.data() + text.size();
    auto parsed = std::from_chars(text.data() + slash + 1, end, prefix);
    if (parsed.ec != std::errc() || parsed.ptr != end || prefix > longest) return std::nullopt;
  }
  address.prefix = static_cast<uint8_t>(prefix);
  return address;
}

}  // namespace dockerlite
