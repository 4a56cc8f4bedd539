// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "archive/abort.h"
#include "archive/fd_stream.h"
#include "archive/source.h"
#include "sys/result.h"

namespace dockerlite::tree {

struct Digests {
  std::string source;   // sha256 of the bytes as they were read
  std::string decoded;  // and as they came out of decompression
};

// Reads, hashes and decompresses on a thread of its own, a few blocks ahead of whoever unpacks.
// Destruction aborts the job when the stream was not read to its end.
class Decoder : private ByteSink {
 public:
  Decoder(FdReader source, bool hashed, Abort& abort);
  ~Decoder() override;
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  // The next bytes, valid until the next call; none at the end.
  Result<std::span<const char>> next();
  // After next() gave the end; empty when it does not hash.
  const Digests& digests() const { return digests_; }

 private:
  struct Block {
    std::unique_ptr<char[]> bytes;
    size_t size = 0;
  };

  void run();
  Status decode();
  std::span<char> room() override;
  bool filled(size_t size) override;
  // False when nobody wants more.
  bool publish();

  FdReader source_;
  bool hashed_;
  Abort& abort_;
  Digests digests_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Block> full_;
  std::vector<Block> spare_;
  std::optional<Error> error_;
  bool ended_ = false;
  bool closed_ = false;

  Block filling_;  // the thread's
  bool compressed_ = false;
  Sha256 decoded_;
  Block current_;  // the reader's
  std::thread thread_;
};

}  // namespace dockerlite::tree
