// SPDX-License-Identifier: Apache-2.0
#include "archive/decoder.h"

#include <utility>

#include "archive/decompress.h"

namespace dockerlite::tree {
namespace {

constexpr size_t kBlock = 256 * 1024;
constexpr size_t kBlocksAhead = 16;

}  // namespace

Decoder::Decoder(FdReader source, bool hashed, Abort& abort)
    : source_(std::move(source)), hashed_(hashed), abort_(abort) {
  thread_ = std::thread([this] { run(); });
}

Decoder::~Decoder() {
  bool early;
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    early = !ended_;
  }
  changed_.notify_all();
  if (early) abort_.trigger();  // it may be waiting for its source
  thread_.join();
}

void Decoder::run() {
  auto done = decode();
  std::lock_guard lock(mutex_);
  if (!done) error_ = done.error();
  ended_ = true;
  changed_.notify_all();
}

Status Decoder::decode() {
  Source source(source_, hashed_);
  if (auto done = decompress(source, *this, compressed_); !done) return done;
  if (!publish()) return Abort::error();
  // A decompressor may stop before the last bytes of its input (padding after a gzip member).
  for (;;) {
    auto rest = source.next();
    if (!rest) return rest.error();
    if (rest.value().empty()) break;
  }
  digests_.source = source.hex();
  digests_.decoded = hashed_ && compressed_ ? decoded_.hex() : digests_.source;
  return Nothing{};
}

std::span<char> Decoder::room() {
  if (!filling_.bytes) filling_ = {std::make_unique_for_overwrite<char[]>(kBlock), 0};
  return {filling_.bytes.get() + filling_.size, kBlock - filling_.size};
}

bool Decoder::filled(size_t size) {
  filling_.size += size;
  return filling_.size < kBlock || publish();
}

bool Decoder::publish() {
  if (filling_.size == 0) return true;
  // Of what is not compressed both digests are the same.
  if (hashed_ && compressed_) decoded_.update(filling_.bytes.get(), filling_.size);
  std::unique_lock lock(mutex_);
  full_.push_back(std::exchange(filling_, {}));
  changed_.notify_all();
  changed_.wait(lock, [&] { return closed_ || full_.size() < kBlocksAhead; });
  if (closed_) return false;
  if (!spare_.empty()) {
    filling_ = {std::move(spare_.back().bytes), 0};
    spare_.pop_back();
  }
  return true;
}

Result<std::span<const char>> Decoder::next() {
  std::unique_lock lock(mutex_);
  if (current_.bytes) spare_.push_back(std::move(current_));
  current_ = {};
  changed_.wait(lock, [&] { return ended_ || !full_.empty(); });
  if (!full_.empty()) {
    current_ = std::move(full_.front());
    full_.pop_front();
    changed_.notify_all();
  } else if (error_) {
    return *error_;
  }
  return std::span<const char>(current_.bytes.get(), current_.size);
}

}  // namespace dockerlite::tree
