// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "archive/abort.h"
#include "sys/result.h"
#include "sys/unique_fd.h"

namespace dockerlite::tree {

// Where an archive comes from or goes to: a path still to be opened, or a descriptor of our own.
struct ArchiveEnd {
  std::optional<std::string> path;
  UniqueFd fd;
  // Bytes of a file that somebody still writes, and tells the job of (Abort::grown): whoever reads it waits for them.
  std::optional<uint64_t> growsTo;
};

// Reads a file, pipe, socket or terminal, blocking or not, until it ends or the job is aborted.
class FdReader {
 public:
  static Result<FdReader> open(ArchiveEnd end, Abort& abort);
  // 0 at the end.
  Result<size_t> read(void* data, size_t size);

 private:
  FdReader(UniqueFd fd, std::string path, bool regular, Abort& abort)
      : fd_(std::move(fd)), path_(std::move(path)), regular_(regular), abort_(&abort) {}

  UniqueFd fd_;
  std::string path_;
  bool regular_;
  Abort* abort_;
  // Of a file that grows: bytes that are still to be read.
  uint64_t expected_ = 0;
};

// Buffered writing to the same kinds of descriptors; a reader that went away is EPIPE, never SIGPIPE.
class FdWriter {
 public:
  static Result<FdWriter> open(ArchiveEnd end, Abort& abort);
  Status write(const void* data, size_t size);
  Status zeros(size_t size);
  Status flush();

 private:
  enum class Kind { regular, socket, pipe, other };
  FdWriter(UniqueFd fd, std::string path, Kind kind, Abort& abort)
      : fd_(std::move(fd)), path_(std::move(path)), kind_(kind), abort_(&abort) {}
  Status put(const char* data, size_t size);
  Status waitWritable();

  UniqueFd fd_;
  std::string path_;
  Kind kind_;
  Abort* abort_;
  std::vector<char> buffer_;
};

}  // namespace dockerlite::tree
