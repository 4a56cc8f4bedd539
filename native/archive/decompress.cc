// SPDX-License-Identifier: Apache-2.0
#include "archive/decompress.h"

#include <archive.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "archive/abort.h"

namespace dockerlite::tree {
namespace {

struct Feed {
  Source& source;
  std::optional<Error> error;
};

la_ssize_t readSource(archive* handle, void* data, const void** out) {
  auto* feed = static_cast<Feed*>(data);
  auto got = feed->source.next();
  if (!got) {
    feed->error = got.error();
    archive_set_error(handle, feed->error->code, "read failed");
    return -1;
  }
  *out = got.value().data();
  return static_cast<la_ssize_t>(got.value().size());
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

Error failure(archive* handle, const Feed& feed, const char* call) {
  if (feed.error) return *feed.error;
  if (feed.source.bytes() == 0) return Error{EINVAL, "unpack", {}, "the archive is empty"};
  const char* text = archive_error_string(handle);
  // Any bytes at all are a raw stream: what was decompressed had none.
  if (text != nullptr && strcmp(text, "Unrecognized archive format") == 0)
    return Error{EINVAL, "unpack", {}, "the archive is empty"};
  return Error{EINVAL, call, {}, text != nullptr ? text : "the archive is damaged"};
}

}  // namespace

bool ByteSink::put(std::span<const char> bytes) {
  while (!bytes.empty()) {
    std::span<char> space = room();
    size_t part = std::min(space.size(), bytes.size());
    memcpy(space.data(), bytes.data(), part);
    if (!filled(part)) return false;
    bytes = bytes.subspan(part);
  }
  return true;
}

Status decompress(Source& source, ByteSink& sink, bool& compressed) {
  std::unique_ptr<archive, int (*)(archive*)> handle(archive_read_new(), archive_read_free);
  if (!handle) return Error{ENOMEM, "archive_read_new", {}, {}};
  supportFilters(handle.get());
  archive_read_support_format_raw(handle.get());
  Feed feed{source, {}};
  if (archive_read_open(handle.get(), &feed, nullptr, readSource, nullptr) != ARCHIVE_OK)
    return failure(handle.get(), feed, "archive_read_open");
  archive_entry* entry;
  if (archive_read_next_header(handle.get(), &entry) != ARCHIVE_OK)
    return failure(handle.get(), feed, "archive_read_next_header");
  compressed = archive_filter_count(handle.get()) > 1;
  for (;;) {
    const void* data;
    size_t size;
    la_int64_t offset;
    int got = archive_read_data_block(handle.get(), &data, &size, &offset);
    if (got == ARCHIVE_EOF) return Nothing{};
    if (got != ARCHIVE_OK) return failure(handle.get(), feed, "archive_read_data");
    if (!sink.put({static_cast<const char*>(data), size})) return Abort::error();
  }
}

}  // namespace dockerlite::tree
