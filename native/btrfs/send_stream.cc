// SPDX-License-Identifier: Apache-2.0
#include "btrfs/send_stream.h"

namespace dockerlite::btrfs {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kMagic = "btrfs-stream\0"sv;
constexpr size_t kHeaderSize = kMagic.size() + sizeof(uint32_t);
constexpr size_t kCommandHeaderSize = 10;  // u32 length, u16 type, u32 crc
// Version 1 stays below 64 KiB, version 2 below 256.
constexpr uint32_t kMostBytes = 1 << 20;

enum Attribute : uint16_t {
  kModified = 10,
  kXattrName = 13,
  kXattrData = 14,
  kPath = 15,
  kPathTo = 16,
  kPathLink = 17,
  kData = 19,
};

template <typename T>
T Little(std::string_view bytes) {
  T value = 0;
  for (size_t i = sizeof(T); i-- > 0;) value = static_cast<T>(value << 8 | static_cast<uint8_t>(bytes[i]));
  return value;
}

Error Malformed(const char* what) { return Error{EBADMSG, "send stream", {}, what}; }

bool SetAttribute(SendCommand& command, uint16_t type, std::string_view value) {
  switch (type) {
    case kPath: command.path = value; break;
    case kPathTo: command.path_to = value; break;
    case kPathLink: command.path_link = value; break;
    case kXattrName: command.xattr_name = value; break;
    case kXattrData: command.xattr_data = value; break;
    case kModified:
      if (value.size() != 12) return false;
      command.modified = SendTime{static_cast<int64_t>(Little<uint64_t>(value)), Little<uint32_t>(value.substr(8))};
      break;
    default: break;
  }
  return true;
}

}  // namespace

Status SendStream::Command(uint16_t type, std::string_view attributes) {
  SendCommand command;
  command.type = static_cast<SendType>(type);
  while (!attributes.empty()) {
    if (attributes.size() < 2) return Malformed("attribute cut off");
    const uint16_t attribute = Little<uint16_t>(attributes);
    // From version 2 on data has no length: it is the rest.
    if (attribute == kData && version_ >= 2) break;
    if (attributes.size() < 4) return Malformed("attribute cut off");
    const size_t length = Little<uint16_t>(attributes.substr(2));
    if (attributes.size() - 4 < length) return Malformed("attribute longer than its command");
    if (!SetAttribute(command, attribute, attributes.substr(4, length))) return Malformed("bad attribute");
    attributes.remove_prefix(4 + length);
  }
  ended_ = command.type == SendType::kEnd;
  return handler_(command);
}

// Handles what is at the start of `bytes`; how many they were, 0 when more are needed.
Result<size_t> SendStream::Take(std::string_view bytes) {
  if (version_ == 0) {
    if (!kMagic.starts_with(bytes.substr(0, kMagic.size()))) return Malformed("no send stream");
    if (bytes.size() < kHeaderSize) return size_t{0};
    version_ = Little<uint32_t>(bytes.substr(kMagic.size()));
    if (version_ == 0 || version_ > 3) return Malformed("unknown version");
    return kHeaderSize;
  }
  if (ended_) return Malformed("data after the end");
  if (bytes.size() < kCommandHeaderSize) return size_t{0};
  const uint32_t length = Little<uint32_t>(bytes);
  if (length > kMostBytes) return Malformed("command too long");
  if (bytes.size() - kCommandHeaderSize < length) return size_t{0};
  Status done = Command(Little<uint16_t>(bytes.substr(4)), bytes.substr(kCommandHeaderSize, length));
  if (!done) return done.error();
  return kCommandHeaderSize + length;
}

Status SendStream::Feed(std::string_view bytes) {
  // Commands that are whole in `bytes` are not copied.
  if (!rest_.empty()) {
    rest_.append(bytes);
    bytes = rest_;
  }
  for (;;) {
    Result<size_t> taken = bytes.empty() ? Result<size_t>(size_t{0}) : Take(bytes);
    if (!taken) return taken.error();
    if (taken.value() == 0) break;
    bytes.remove_prefix(taken.value());
  }
  rest_ = std::string(bytes);
  return Nothing{};
}

Status SendStream::Finish() const {
  if (!ended_ || !rest_.empty()) return Malformed("ended too early");
  return Nothing{};
}

}  // namespace dockerlite::btrfs
