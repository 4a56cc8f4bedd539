// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "archive/fd_stream.h"
#include "archive/sha256.h"
#include "sys/result.h"

namespace dockerlite::tree {

// The bytes of an archive as they are stored, hashed as they pass.
class Source {
 public:
  Source(FdReader& reader, bool hashed) : reader_(reader), hashed_(hashed), buffer_(kBlock) {}

  // The next bytes, valid until the next call; none at the end.
  Result<std::span<const char>> next() {
    if (ahead_ > 0) return std::span<const char>(buffer_.data(), std::exchange(ahead_, 0));
    return read(0);
  }

  // The first bytes, `count` of them unless it has fewer; next() gives them again.
  Result<std::span<const char>> peek(size_t count) {
    while (ahead_ < count) {
      auto more = read(ahead_);
      if (!more) return more;
      if (more.value().empty()) break;
      ahead_ += more.value().size();
    }
    return std::span<const char>(buffer_.data(), ahead_);
  }

  uint64_t bytes() const { return bytes_; }
  // Of what was read; once.
  std::string hex() { return hashed_ ? hash_.hex() : std::string(); }

 private:
  static constexpr size_t kBlock = 256 * 1024;

  Result<std::span<const char>> read(size_t at) {
    auto got = reader_.read(buffer_.data() + at, buffer_.size() - at);
    if (!got) return got.error();
    if (hashed_) hash_.update(buffer_.data() + at, got.value());
    bytes_ += got.value();
    return std::span<const char>(buffer_.data() + at, got.value());
  }

  FdReader& reader_;
  bool hashed_;
  std::vector<char> buffer_;
  size_t ahead_ = 0;
  Sha256 hash_;
  uint64_t bytes_ = 0;
};

// Where decompressed bytes go.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  // Never empty.
  virtual std::span<char> room() = 0;
  // So many bytes of the room are used now; false when nobody wants more.
  virtual bool filled(size_t size) = 0;
  bool put(std::span<const char> bytes);
};

}  // namespace dockerlite::tree
