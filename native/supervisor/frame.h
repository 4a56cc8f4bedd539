// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sys/unique_fd.h"

// The wire format of docs/architecture.md. Everything here may come from a hostile peer.
namespace dockerlite::wire {

constexpr size_t kHeaderSize = 8;
constexpr size_t kMaxBody = 16u << 20;
constexpr unsigned kMaxFds = 8;

struct Frame {
  uint16_t type = 0;
  std::string body;
  std::vector<UniqueFd> fds;
};

// Bytes and descriptors in, frames out. After the first malformed frame it stays failed.
class FrameParser {
 public:
  void Feed(std::string_view bytes) { buffer_.append(bytes); }
  void Feed(UniqueFd fd) { fds_.push_back(std::move(fd)); }
  std::optional<Frame> Next();
  bool failed() const { return failed_; }

 private:
  std::optional<Frame> Fail();

  std::string buffer_;
  size_t used_ = 0;  // bytes of buffer_ already returned
  std::vector<UniqueFd> fds_;
  bool failed_ = false;
};

struct Field {
  uint16_t tag = 0;
  std::string_view data;
};

// Walks the fields of a body.
class FieldReader {
 public:
  explicit FieldReader(std::string_view body) : rest_(body) {}
  std::optional<Field> Next();
  bool failed() const { return failed_; }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

std::optional<uint32_t> AsU32(std::string_view data);
std::optional<uint64_t> AsU64(std::string_view data);
// Rejects strings with NUL inside.
std::optional<std::string> AsString(std::string_view data);

class BodyWriter {
 public:
  BodyWriter& Bytes(uint16_t tag, std::string_view data);
  BodyWriter& U32(uint16_t tag, uint32_t value);
  BodyWriter& U64(uint16_t tag, uint64_t value);
  std::string Take() { return std::move(body_); }

 private:
  std::string body_;
};

std::string EncodeHeader(uint16_t type, size_t body, size_t fds);

}  // namespace dockerlite::wire
