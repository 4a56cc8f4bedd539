// SPDX-License-Identifier: Apache-2.0
#include "archive/decoder.h"

#include <archive.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "archive/sha256.h"

namespace dockerlite::tree {
namespace {

constexpr size_t kBlock = 256 * 1024;
constexpr size_t kBlocksAhead = 8;

struct Source {
  explicit Source(FdReader& from) : reader(from) {}

  FdReader& reader;
  std::vector<char> buffer = std::vector<char>(kBlock);
  Sha256 hash;
  uint64_t bytes = 0;
  std::optional<Error> error;

  la_ssize_t read(archive* handle, const void** data) {
    auto got = reader.read(buffer.data(), buffer.size());
    if (!got) {
      error = got.error();
      archive_set_error(handle, error->code, "read failed");
      return -1;
    }
    hash.update(buffer.data(), got.value());
    bytes += got.value();
    *data = buffer.data();
    return static_cast<la_ssize_t>(got.value());
  }
};

la_ssize_t readSource(archive* handle, void* source, const void** data) {
  return static_cast<Source*>(source)->read(handle, data);
}

// Only what libarchive decodes inside this process: for the rest it would run programs found on PATH.
void supportFilters(archive* handle) {
  archive_read_support_filter_compress(handle);
  archive_read_support_filter_lzip(handle);
  if (archive_zlib_version() != nullptr) archive_read_support_filter_gzip(handle);
  if (archive_bzlib_version() != nullptr) archive_read_support_filter_bzip2(handle);
  if (archive_liblzma_version() != nullptr) {
    archive_read_support_filter_xz(handle);
    archive_read_support_filter_lzma(handle);
  }
  if (archive_libzstd_version() != nullptr) archive_read_support_filter_zstd(handle);
  if (archive_liblz4_version() != nullptr) archive_read_support_filter_lz4(handle);
}

Error failure(archive* handle, const Source& source, const char* call) {
  if (source.error) return *source.error;
  if (source.bytes == 0) return Error{EINVAL, "unpack", {}, "the archive is empty"};
  const char* text = archive_error_string(handle);
  // Any bytes at all are a raw stream: what was decompressed had none.
  if (text != nullptr && strcmp(text, "Unrecognized archive format") == 0)
    return Error{EINVAL, "unpack", {}, "the archive is empty"};
  return Error{EINVAL, call, {}, text != nullptr ? text : "the archive is damaged"};
}

}  // namespace

Decoder::Decoder(FdReader source, Abort& abort) : source_(std::move(source)), abort_(abort) {
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
  if (done && !filling_.empty()) publish(std::move(filling_));
  std::lock_guard lock(mutex_);
  if (!done) error_ = done.error();
  ended_ = true;
  changed_.notify_all();
}

Status Decoder::decode() {
  std::unique_ptr<archive, int (*)(archive*)> handle(archive_read_new(), archive_read_free);
  if (!handle) return Error{ENOMEM, "archive_read_new", {}, {}};
  supportFilters(handle.get());
  archive_read_support_format_raw(handle.get());
  Source source(source_);
  if (archive_read_open(handle.get(), &source, nullptr, readSource, nullptr) != ARCHIVE_OK)
    return failure(handle.get(), source, "archive_read_open");
  archive_entry* entry;
  if (archive_read_next_header(handle.get(), &entry) != ARCHIVE_OK)
    return failure(handle.get(), source, "archive_read_next_header");
  // Uncompressed: both digests are of the same bytes.
  bool plain = archive_filter_count(handle.get()) == 1;
  Sha256 decoded;
  for (;;) {
    const void* data;
    size_t size;
    la_int64_t offset;
    int got = archive_read_data_block(handle.get(), &data, &size, &offset);
    if (got == ARCHIVE_EOF) break;
    if (got != ARCHIVE_OK) return failure(handle.get(), source, "archive_read_data");
    if (!plain) decoded.update(data, size);
    if (!push(data, size)) return Abort::error();
  }
  // A decompressor may stop before the last bytes of its input (padding after a gzip member).
  const void* rest;
  la_ssize_t more;
  while ((more = source.read(handle.get(), &rest)) > 0) continue;
  if (more < 0) return failure(handle.get(), source, "read");
  digests_.source = source.hash.hex();
  digests_.decoded = plain ? digests_.source : decoded.hex();
  return Nothing{};
}

bool Decoder::push(const void* data, size_t size) {
  auto* bytes = static_cast<const char*>(data);
  while (size > 0) {
    size_t part = std::min(size, kBlock - filling_.size());
    filling_.insert(filling_.end(), bytes, bytes + part);
    bytes += part;
    size -= part;
    if (filling_.size() < kBlock) continue;
    publish(std::move(filling_));
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || full_.size() < kBlocksAhead; });
    if (closed_) return false;
    filling_.clear();
    if (!spare_.empty()) {
      filling_ = std::move(spare_.back());
      spare_.pop_back();
      filling_.clear();
    }
    filling_.reserve(kBlock);
  }
  return true;
}

void Decoder::publish(std::vector<char> block) {
  std::lock_guard lock(mutex_);
  full_.push_back(std::move(block));
  changed_.notify_all();
}

Result<const std::vector<char>*> Decoder::next() {
  std::unique_lock lock(mutex_);
  if (current_.capacity() > 0) spare_.push_back(std::move(current_));
  current_ = {};
  changed_.wait(lock, [&] { return ended_ || !full_.empty(); });
  if (!full_.empty()) {
    current_ = std::move(full_.front());
    full_.pop_front();
    changed_.notify_all();
  } else if (error_) {
    return *error_;
  }
  return static_cast<const std::vector<char>*>(&current_);
}

}  // namespace dockerlite::tree
