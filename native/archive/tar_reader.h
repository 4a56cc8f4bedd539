// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "archive/decoder.h"
#include "sys/result.h"

namespace dockerlite::tree {

struct TarBlock {
  const void* data;
  size_t size;
  int64_t offset;  // in the file
};

// The entries of a tar stream, all of libarchive's dialects, names as the bytes they are.
class TarReader {
 public:
  // With `maxBytes` the decompressed stream may be no larger than that, a fixed slack and something for each entry: what
  // is not file content (headers, padding) cannot be a bomb either.
  TarReader(Decoder& decoder, std::optional<uint64_t> maxBytes);
  TarReader(const TarReader&) = delete;
  TarReader& operator=(const TarReader&) = delete;
  ~TarReader();

  // Null at the end of the archive. Valid until the next call.
  Result<archive_entry*> next();
  // Nothing at the end of the entry's content.
  Result<std::optional<TarBlock>> block();
  // Reads what follows the end of the archive, so that the digests are complete.
  Status drain();

 private:
  static la_ssize_t readDecoded(archive* handle, void* self, const void** data);
  Result<std::span<const char>> pull();
  Error failure(const char* call);

  Decoder& decoder_;
  std::unique_ptr<archive, int (*)(archive*)> handle_;
  std::optional<uint64_t> maxBytes_;
  uint64_t decoded_ = 0;
  uint64_t entries_ = 0;
  std::optional<Error> error_;
  bool open_ = false;
  void* locale_;
  void* oldLocale_;
};

}  // namespace dockerlite::tree
