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

// One command with those of its attributes that say what happened to which path. The views are
// valid during the call that hands the command over.
struct SendCommand {
  SendType type = SendType::kEnd;
  std::optional<std::string_view> path;
  std::optional<std::string_view> path_to;    // new name of a rename
  std::optional<std::string_view> path_link;  // what a new hard link is a link to
  std::optional<std::string_view> xattr_name;
  std::optional<std::string_view> xattr_data;
  std::optional<SendTime> modified;
};

// Cuts a send stream into commands, however it arrives. Pure: reads nothing but what it is fed.
class SendStream {
 public:
  using Handler = std::function<Status(const SendCommand&)>;

  explicit SendStream(Handler handler) : handler_(std::move(handler)) {}

  // EBADMSG for what is not a send stream; otherwise what the handler said. Not to be fed on after an error.
  Status Feed(std::string_view bytes);

  // EBADMSG where the stream ended too early.
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
