// SPDX-License-Identifier: Apache-2.0
#include "supervisor/frame.h"

#include <cstring>

namespace dockerlite::wire {
namespace {

template <typename T>
T Load(const char* at) {
  T value;
  memcpy(&value, at, sizeof value);  // the engine runs on little-endian machines only, see below
  return value;
}

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

}  // namespace

std::optional<Frame> FrameParser::Fail() {
  failed_ = true;
  fds_.clear();
  buffer_.clear();
  used_ = 0;
  return std::nullopt;
}

std::optional<Frame> FrameParser::Next() {
  if (failed_) return std::nullopt;
  std::string_view rest = std::string_view(buffer_).substr(used_);
  if (rest.size() < kHeaderSize) {
    // Descriptors come with the first byte of their frame: with no byte pending they belong to none.
    if (rest.empty() && !fds_.empty()) return Fail();
    buffer_.erase(0, used_);
    used_ = 0;
    return std::nullopt;
  }
  auto length = Load<uint32_t>(rest.data());
  auto count = Load<uint16_t>(rest.data() + 6);
  if (length > kMaxBody || count > kMaxFds || count > fds_.size()) return Fail();
  if (rest.size() - kHeaderSize < length) {
    buffer_.erase(0, used_);
    used_ = 0;
    return std::nullopt;
  }
  Frame frame;
  frame.type = Load<uint16_t>(rest.data() + 4);
  frame.body = rest.substr(kHeaderSize, length);
  for (unsigned i = 0; i < count; i++) frame.fds.push_back(std::move(fds_[i]));
  fds_.erase(fds_.begin(), fds_.begin() + count);
  used_ += kHeaderSize + length;
  if (used_ == buffer_.size()) {
    // A large START must not keep its memory for the container's life.
    if (buffer_.capacity() > 4096) std::string().swap(buffer_);
    buffer_.clear();
    used_ = 0;
  }
  return frame;
}

std::optional<Field> FieldReader::Next() {
  if (failed_ || rest_.empty()) return std::nullopt;
  if (rest_.size() < 8) {
    failed_ = true;
    return std::nullopt;
  }
  auto length = Load<uint32_t>(rest_.data() + 4);
  if (length > rest_.size() - 8) {
    failed_ = true;
    return std::nullopt;
  }
  Field field{Load<uint16_t>(rest_.data()), rest_.substr(8, length)};
  rest_.remove_prefix(8 + static_cast<size_t>(length));
  return field;
}

std::optional<uint32_t> AsU32(std::string_view data) {
  if (data.size() != 4) return std::nullopt;
  return Load<uint32_t>(data.data());
}

std::optional<uint64_t> AsU64(std::string_view data) {
  if (data.size() != 8) return std::nullopt;
  return Load<uint64_t>(data.data());
}

std::optional<std::string> AsString(std::string_view data) {
  if (data.find('\0') != std::string_view::npos) return std::nullopt;
  return std::string(data);
}

BodyWriter& BodyWriter::Bytes(uint16_t tag, std::string_view data) {
  char head[8] = {};
  auto length = static_cast<uint32_t>(data.size());
  memcpy(head, &tag, 2);
  memcpy(head + 4, &length, 4);
  body_.append(head, sizeof head).append(data);
  return *this;
}

BodyWriter& BodyWriter::U32(uint16_t tag, uint32_t value) {
  return Bytes(tag, {reinterpret_cast<const char*>(&value), sizeof value});
}

BodyWriter& BodyWriter::U64(uint16_t tag, uint64_t value) {
  return Bytes(tag, {reinterpret_cast<const char*>(&value), sizeof value});
}

std::string EncodeHeader(uint16_t type, size_t body, size_t fds) {
  std::string head(kHeaderSize, '\0');
  auto length = static_cast<uint32_t>(body);
  auto count = static_cast<uint16_t>(fds);
  memcpy(head.data(), &length, 4);
  memcpy(head.data() + 4, &type, 2);
  memcpy(head.data() + 6, &count, 2);
  return head;
}

}  // namespace dockerlite::wire
