// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sys/unique_fd.h"

namespace dockerlite {

enum class LogStream { kStdout = 0, kStderr = 1 };

// Docker's json-file format: one JSON object a line, lines longer than 16 KiB in pieces.
class JsonLog {
 public:
  JsonLog() = default;
  JsonLog(std::string path, uint64_t maxSize, uint32_t maxFiles);

  bool open() const { return static_cast<bool>(fd_); }
  void Write(LogStream stream, std::string_view bytes);
  // The last line of a stream may lack its newline.
  void EndStream(LogStream stream);
  // Writes what was collected. A full disk loses log lines, never the container.
  void Flush();

 private:
  void Entry(LogStream stream, std::string_view line);
  void Rotate();

  std::string path_;
  UniqueFd fd_;
  uint64_t maxSize_ = 0;
  uint32_t maxFiles_ = 0;
  uint64_t size_ = 0;
  std::string lines_[2];  // incomplete line of each stream
  std::string out_;
};

// Appends `text` as the inside of a JSON string the way Go's encoder does.
void AppendJson(std::string& out, std::string_view text);
// RFC 3339 in UTC, nanoseconds without trailing zeros.
std::string FormatTime(int64_t nanoseconds);
int64_t NowNs();

}  // namespace dockerlite
