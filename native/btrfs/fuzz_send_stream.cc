// SPDX-License-Identifier: Apache-2.0
// Entry for a fuzzer, see scripts/fuzz.sh; not part of any target. The input is a send stream without data, as a diff reads it; the
// checksums of its commands are put right, so that mutations reach what is behind them. It is fed in pieces, as a pipe would.
#include <cstdlib>
#include <cstring>

#include "btrfs/crc32c.h"
#include "btrfs/send_fold.h"
#include "btrfs/send_stream.h"
#include "btrfs/send_tree.h"

namespace {

constexpr size_t kStreamHead = 17;
constexpr size_t kCommandHead = 10;

std::string Repaired(std::string stream) {
  for (size_t at = kStreamHead; at + kCommandHead <= stream.size();) {
    uint32_t length;
    memcpy(&length, &stream[at], sizeof length);
    if (length > stream.size() - at - kCommandHead) break;
    memset(&stream[at + 6], 0, 4);
    const uint32_t crc = dockerlite::btrfs::Crc32c(std::string_view(stream).substr(at, kCommandHead + length));
    memcpy(&stream[at + 6], &crc, sizeof crc);
    at += kCommandHead + length;
  }
  return stream;
}

// A name that leads up, or out of a listed directory, would be one of the host's to whoever looks it up.
void CheckPath(const std::string& path) {
  if (path.starts_with('/') || path.find('\0') != path.npos) abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dockerlite::btrfs;
  if (size < 1) return 0;
  const size_t step = 1 + data[0];
  const std::string stream = Repaired(std::string(reinterpret_cast<const char*>(data) + 1, size - 1));
  SendTree tree;
  SendStream parser([&](const SendCommand& command) { return tree.Apply(command); });
  for (size_t at = 0; at < stream.size() && !parser.ended(); at += step) {
    if (!parser.Feed(std::string_view(stream).substr(at, step))) return 0;
  }
  if (!parser.Finish()) return 0;
  for (const Change& change : FoldChanges(tree)) {
    CheckPath(change.path);
    CheckPath(change.from);
  }
  return 0;
}
