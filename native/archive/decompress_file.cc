// SPDX-License-Identifier: Apache-2.0
#include "archive/decompress_file.h"

#include "archive/decoder.h"

namespace dockerlite::tree {

Result<uint64_t> decompressFile(ArchiveEnd source, ArchiveEnd target, uint64_t maxBytes, Abort& abort) {
  auto reader = FdReader::open(std::move(source), abort);
  if (!reader) return reader.error();
  auto out = FdWriter::open(std::move(target), abort);
  if (!out) return out.error();
  Decoder decoder(std::move(reader.value()), false, abort);
  uint64_t bytes = 0;
  for (;;) {
    auto block = decoder.next();
    if (!block) return block.error();
    if (block.value().empty()) break;
    bytes += block.value().size();
    if (bytes > maxBytes) return Error{EFBIG, "unpack", {}, "there is more in it than allowed"};
    if (auto done = out.value().write(block.value().data(), block.value().size()); !done) return done.error();
  }
  if (auto done = out.value().flush(); !done) return done.error();
  return bytes;
}

}  // namespace dockerlite::tree
