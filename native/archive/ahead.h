// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>

#include "archive/abort.h"
#include "archive/decoder.h"
#include "archive/fd_stream.h"
#include "sys/result.h"

namespace dockerlite::tree {

// An archive that is decompressed and hashed a few blocks ahead, before whoever is to unpack it has come that far. Aborting what
// unpacks it aborts this.
struct Ahead {
  static Result<std::unique_ptr<Ahead>> begin(ArchiveEnd source) {
    auto self = std::make_unique<Ahead>();
    auto reader = FdReader::open(std::move(source), *self->abort);
    if (!reader) return reader.error();
    self->decoder = std::make_unique<Decoder>(std::move(reader.value()), true, *self->abort);
    return self;
  }

  std::shared_ptr<Abort> abort = std::make_shared<Abort>();
  // Gone when it has been unpacked.
  std::unique_ptr<Decoder> decoder;
};

}  // namespace dockerlite::tree
