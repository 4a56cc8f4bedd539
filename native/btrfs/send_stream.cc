// SPDX-License-Identifier: Apache-2.0
#include "btrfs/send_stream.h"

#include "btrfs/crc32c.h"

namespace dockerlite::btrfs {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kMagic = "btrfs-stream\0"sv;
constexpr size_t kHeaderSize = kMagic.size() + sizeof(uint32_t);
constexpr size_t kCommandHeaderSize = 10;  // u32 length, u16 type, u32 crc
// Version 1 stays below 64 KiB, version 2 below 256.
constexpr uint32_t kMostBytes = 1 << 20;

enum Attribute : uint16_t {
  kUuid = 1,
  kSize = 4,
  kMode,
  kUid,
  kGid,
  kRdev,
  kModified = 10,
  kAccessed,
  kXattrName = 13,
  kXattrData,
  kPath,
  kPathTo,
  kPathLink,
  kOffset,
  kData,
  kCloneUuid,
  kClonePath = 22,
  kCloneOffset,
  kCloneLength,
  kFallocateMode,
  kUnencodedFileLength = 27,
  kUnencodedLength,
  kUnencodedOffset,
  kCompression,
  kEncryption,
};

template <typename T>
T Little(std::string_view bytes) {
  T value = 0;
  for (size_t i = sizeof(T); i-- > 0;) value = static_cast<T>(value << 8 | static_cast<uint8_t>(bytes[i]));
  return value;
}

Error Malformed(const char* what) { return Error{EBADMSG, "send stream", {}, what}; }

// For the kernel a name ends at its first NUL, for whoever checks it here it would not.
bool Set(std::optional<std::string_view>& field, std::string_view value) {
  field = value;
  return value.find('\0') == std::string_view::npos;
}

bool Set(std::optional<SendTime>& field, std::string_view value) {
  if (value.size() != 12) return false;
  field = SendTime{static_cast<int64_t>(Little<uint64_t>(value)), Little<uint32_t>(value.substr(8))};
  return true;
}

template <typename T>
bool Set(std::optional<uint64_t>& field, std::string_view value) {
  if (value.size() != sizeof(T)) return false;
  field = Little<T>(value);
  return true;
}

bool SetBytes(std::optional<std::string_view>& field, std::string_view value) {
  field = value;
  return true;
}

bool SetAttribute(SendCommand& command, uint16_t type, std::string_view value) {
  switch (type) {
    case kUuid: return SetBytes(command.uuid, value);
    case kSize: return Set<uint64_t>(command.size, value);
    case kMode: return Set<uint64_t>(command.mode, value);
    case kUid: return Set<uint64_t>(command.uid, value);
    case kGid: return Set<uint64_t>(command.gid, value);
    case kRdev: return Set<uint64_t>(command.rdev, value);
    case kModified: return Set(command.modified, value);
    case kAccessed: return Set(command.accessed, value);
    case kXattrName: return Set(command.xattr_name, value);
    case kXattrData: return SetBytes(command.xattr_data, value);
    case kPath: return Set(command.path, value);
    case kPathTo: return Set(command.path_to, value);
    case kPathLink: return Set(command.path_link, value);
    case kOffset: return Set<uint64_t>(command.offset, value);
    case kData: return SetBytes(command.data, value);
    case kCloneUuid: return SetBytes(command.clone_uuid, value);
    case kClonePath: return Set(command.clone_path, value);
    case kCloneOffset: return Set<uint64_t>(command.clone_offset, value);
    case kCloneLength: return Set<uint64_t>(command.clone_length, value);
    case kFallocateMode: return Set<uint32_t>(command.fallocate_mode, value);
    case kUnencodedFileLength: return Set<uint64_t>(command.unencoded_file_length, value);
    case kUnencodedLength: return Set<uint64_t>(command.unencoded_length, value);
    case kUnencodedOffset: return Set<uint64_t>(command.unencoded_offset, value);
    case kCompression: return Set<uint32_t>(command.compression, value);
    case kEncryption: return Set<uint32_t>(command.encryption, value);
    default: return true;
  }
}

uint32_t CrcOf(std::string_view header, std::string_view attributes) {
  // As if the CRC's own four bytes were zero.
  return Crc32c(attributes, Crc32c("\0\0\0\0"sv, Crc32c(header.substr(0, 6))));
}

}  // namespace

Status SendStream::Command(uint16_t type, std::string_view attributes) {
  SendCommand command;
  command.type = static_cast<SendType>(type);
  while (!attributes.empty()) {
    if (attributes.size() < 2) return Malformed("attribute cut off");
    const uint16_t attribute = Little<uint16_t>(attributes);
    // From version 2 on data has no length: it is the rest.
    if (attribute == kData && version_ >= 2) {
      command.data = attributes.substr(2);
      break;
    }
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
  if (ended_ || bytes.size() < kCommandHeaderSize) return size_t{0};
  const uint32_t length = Little<uint32_t>(bytes);
  if (length > kMostBytes) return Malformed("command too long");
  if (bytes.size() - kCommandHeaderSize < length) return size_t{0};
  const std::string_view attributes = bytes.substr(kCommandHeaderSize, length);
  if (CrcOf(bytes, attributes) != Little<uint32_t>(bytes.substr(6))) return Malformed("a command's checksum is wrong");
  Status done = Command(Little<uint16_t>(bytes.substr(4)), attributes);
  if (!done) return done.error();
  return kCommandHeaderSize + length;
}

Result<size_t> SendStream::Feed(std::string_view bytes) {
  const size_t fed = bytes.size();
  // Commands that are whole in `bytes` are not copied.
  if (!rest_.empty()) {
    rest_.append(bytes);
    bytes = rest_;
  }
  while (!bytes.empty()) {
    Result<size_t> taken = Take(bytes);
    if (!taken) return taken.error();
    if (taken.value() == 0) break;
    bytes.remove_prefix(taken.value());
  }
  if (ended_) {
    const size_t after = bytes.size();
    rest_.clear();
    return fed - after;
  }
  rest_ = std::string(bytes);
  return fed;
}

Status SendStream::Finish() const {
  if (!ended_) return Malformed("ended too early");
  return Nothing{};
}

}  // namespace dockerlite::btrfs
