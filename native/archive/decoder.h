// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "archive/abort.h"
#include "archive/fd_stream.h"
#include "sys/result.h"

namespace dockerlite::tree {

struct Digests {
  std::string source;   // sha256 of the bytes as they were read
  std::string decoded;  // and as they came out of decompression
};

// Reads, hashes and decompresses on a thread of its own, a few blocks ahead of whoever unpacks.
// Destruction aborts the job when the stream was not read to its end.
class Decoder {
 public:
  Decoder(FdReader source, Abort& abort);
  ~Decoder();
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  // The next bytes, valid until the next call; empty at the end.
  Result<const std::vector<char>*> next();
  // After next() gave the end.
  const Digests& digests() const { return digests_; }

 private:
  void run();
  Status decode();
  // False when nobody wants more.
  bool push(const void* data, size_t size);
  void publish(std::vector<char> block);

  FdReader source_;
  Abort& abort_;
  Digests digests_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::vector<char>> full_;
  std::vector<std::vector<char>> spare_;
  std::optional<Error> error_;
  bool ended_ = false;
  bool closed_ = false;

  std::vector<char> filling_;  // the thread's
  std::vector<char> current_;  // the reader's
  std::thread thread_;
};

}  // namespace dockerlite::tree
