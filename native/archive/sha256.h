// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nettle/sha2.h>
#include <nettle/version.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace dockerlite::tree {

// nettle, because libarchive itself is linked to it where dockerlite is used: no further library to install or load.
class Sha256 {
 public:
  Sha256() { sha256_init(&state_); }
  void update(const void* data, size_t size) { sha256_update(&state_, size, static_cast<const uint8_t*>(data)); }

  // Lower-case hex; the state starts afresh.
  std::string hex() {
    uint8_t digest[SHA256_DIGEST_SIZE];
#if NETTLE_VERSION_MAJOR >= 4
    sha256_digest(&state_, digest);
#else
    sha256_digest(&state_, sizeof digest, digest);
#endif
    static const char digits[] = "0123456789abcdef";
    std::string text;
    for (uint8_t byte : digest) {
      text += digits[byte >> 4];
      text += digits[byte & 15];
    }
    return text;
  }

 private:
  sha256_ctx state_;
};

}  // namespace dockerlite::tree
