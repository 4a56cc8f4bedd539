// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "sys/result.h"

namespace dockerlite::btrfs {

// Commands of the send stream (fs/btrfs/send.h of the kernel).
enum class SendType : uint16_t {
  kSubvolume = 1,
  kSnapshot,
  kMakeFile,
  kMakeDirectory,
  kMakeNode,
  kMakeFifo,
  kMakeSocket,
  kSymlink,
  kRename,
  kLink,
  kUnlink,
  kRemoveDirectory,
  kSetXattr,
  kRemoveXattr,
  kWrite,
  kClone,
  kTruncate,
  kChmod,
  kChown,
  kUtimes,
  kEnd,
  kUpdateExtent,
  kFallocate,      // version 2 from here
  kFileAttributes,
  kEncodedWrite,
  kEnableVerity,   // version 3
};

struct SendTime {
  int64_t seconds = 0;
  uint32_t nanoseconds = 0;
  bool operator==(const SendTime&) const = default;
};

// One command with its attributes. The views are valid during the call that hands the command over; paths and
// names in them have no NULs.
struct SendCommand {
  SendType type = SendType::kEnd;
  std::optional<std::string_view> path;
  std::optional<std::string_view> path_to;    // new name of a rename
  std::optional<std::string_view> path_link;  // what a new hard link, or a symbolic one, is a link to
  std::optional<std::string_view> clone_path;
  std::optional<std::string_view> xattr_name;
  std::optional<std::string_view> xattr_data;
  std::optional<std::string_view> data;
  std::optional<std::string_view> uuid;        // of the subvolume that is sent
  std::optional<std::string_view> clone_uuid;  // of its parent, or of where data is cloned from
  std::optional<SendTime> modified;
  std::optional<SendTime> accessed;
  std::optional<uint64_t> size;
  std::optional<uint64_t> mode;
  std::optional<uint64_t> uid;
  std::optional<uint64_t> gid;
  std::optional<uint64_t> rdev;
  std::optional<uint64_t> offset;
  std::optional<uint64_t> clone_offset;
  std::optional<uint64_t> clone_length;
  std::optional<uint64_t> fallocate_mode;
  // Of data that is compressed.
  std::optional<uint64_t> unencoded_file_length;
  std::optional<uint64_t> unencoded_length;
  std::optional<uint64_t> unencoded_offset;
  std::optional<uint64_t> compression;
  std::optional<uint64_t> encryption;
};

// Cuts a send stream into commands, however it arrives, and checks their CRCs. Pure: reads nothing but what it is fed.
class SendStream {
 public:
  using Handler = std::function<Status(const SendCommand&)>;

  explicit SendStream(Handler handler) : handler_(std::move(handler)) {}

  // How many of the bytes are the stream's: what follows its end is not. EBADMSG for what is not a send stream;
  // otherwise what the handler said. Not to be fed on after an error.
  Result<size_t> Feed(std::string_view bytes);

  bool ended() const { return ended_; }

  // EBADMSG unless the stream has come to its end.
  Status Finish() const;

 private:
  Result<size_t> Take(std::string_view bytes);
  Status Command(uint16_t type, std::string_view attributes);

  Handler handler_;
  std::string rest_;  // an incomplete command
  uint32_t version_ = 0;
  bool ended_ = false;
};

}  // namespace dockerlite::btrfs
