// SPDX-License-Identifier: Apache-2.0
// Entry for a fuzzer, see scripts/fuzz.sh; not part of any target. The input is a byte that says how, and images as they are sent, compressed or
// not, or what becomes some when their frames are put right: they are read and checked. Nothing may follow a failure, and what was read
// to its end was read whole.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>

#include "archive/sha256.h"
#include "btrfs/crc32c.h"
#include "snapshot/format.h"
#include "snapshot/receive.h"

namespace {

using namespace dockerlite;

constexpr size_t kStreamHead = 17;
constexpr size_t kCommandHead = 10;
constexpr uint16_t kEnd = 21;

// The command at the beginning, its length and checksum put right; taken from `rest`.
std::string Command(std::string_view& rest) {
  const size_t length = snapshot::ReadLittle(rest) % (rest.size() - kCommandHead + 1);
  std::string command;
  snapshot::AppendLittle(command, static_cast<uint32_t>(length));
  command.append(rest.substr(4, 2)).append(4, '\0').append(rest.substr(kCommandHead, length));
  std::string crc;
  snapshot::AppendLittle(crc, btrfs::Crc32c(command));
  command.replace(6, 4, crc);
  rest.remove_prefix(kCommandHead + length);
  return command;
}

// Each image is a byte, the length of its description, that, and a send stream; what follows is right. So mutations reach what is behind the checks.
std::string Framed(std::string_view rest) {
  std::string all;
  while (rest.size() > 1 + kStreamHead) {
    const size_t length = std::min<size_t>(static_cast<uint8_t>(rest[0]), rest.size() - 1 - kStreamHead);
    std::string image = snapshot::MakeHead(rest.substr(1, length));
    rest.remove_prefix(1 + length);
    image.append(rest.substr(0, kStreamHead));
    rest.remove_prefix(kStreamHead);
    for (bool ended = false; !ended && rest.size() >= kCommandHead;) {
      const std::string command = Command(rest);
      ended = static_cast<uint8_t>(command[4]) == kEnd && command[5] == '\0';
      image += command;
    }
    tree::Sha256 hash;
    hash.update(image.data(), image.size());
    all.append(image).append(snapshot::kTail).append(hash.hex());
  }
  return all;
}

UniqueFd Memory(const std::string& bytes) {
  UniqueFd fd(memfd_create("images", MFD_CLOEXEC));
  if (!fd || write(fd.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()) || lseek(fd.get(), 0, SEEK_SET) != 0) abort();
  return fd;
}

UniqueFd Pipe(const std::string& bytes) {
  int ends[2];
  if (pipe(ends) != 0) abort();
  UniqueFd from(ends[0]), to(ends[1]);
  if (write(to.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) abort();
  return from;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  std::string input(reinterpret_cast<const char*>(data) + 1, size - 1);
  if ((data[0] & 1) == 0) input = Framed(input);
  // More than a pipe holds would wait for the reader.
  if (input.size() > 60'000) return 0;
  tree::ArchiveEnd source;
  source.fd = (data[0] & 2) != 0 ? Pipe(input) : Memory(input);
  auto opened = snapshot::Receiver::Open(std::move(source));
  if (!opened) abort();
  snapshot::Receiver& receiver = *opened.value();
  for (;;) {
    auto description = receiver.Description();
    if (description && !description.value()) break;
    if (description && receiver.Tree({})) continue;
    if (receiver.Description() || receiver.Tree({})) abort();
    if (!receiver.digest().empty()) abort();
    return 0;
  }
  tree::Sha256 hash;
  hash.update(input.data(), input.size());
  if (receiver.digest() != hash.hex()) abort();
  return 0;
}
