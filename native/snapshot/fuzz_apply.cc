// SPDX-License-Identifier: Apache-2.0
// Entry for a fuzzer, see scripts/fuzz.sh; not part of any target. The input is a send stream, of which lengths and CRCs of the
// commands are put right; it is applied to a directory, and nothing beside that may change. The highest byte of its version,
// which is always 0, says how. Works in $TMPDIR; clones are shared only where that is on btrfs.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <utility>

#include "archive/remove_tree.h"
#include "btrfs/crc32c.h"
#include "btrfs/send_stream.h"
#include "snapshot/format.h"
#include "snapshot/tree_applier.h"
#include "sys/syscalls.h"

namespace {

using namespace dockerlite;

constexpr size_t kStreamHead = 17;
constexpr size_t kCommandHead = 10;
constexpr snapshot::Limits kLimits{1 << 20, 1 << 20, 1000, 1 << 20};

std::string Make() {
  const char* above = getenv("TMPDIR");
  std::string path = std::string(above != nullptr ? above : "/tmp") + "/fuzz-apply-XXXXXX";
  if (mkdtemp(path.data()) == nullptr) abort();
  if (mkdir((path + "/parent").c_str(), 0700) != 0 || symlink("../canary", (path + "/parent/link").c_str()) != 0) abort();
  for (const char* name : {"/canary", "/parent/source"}) {
    UniqueFd file(open((path + name).c_str(), O_WRONLY | O_CREAT | O_EXCL, 0600));
    if (!file || write(file.get(), "untouched", 9) != 9) abort();
  }
  return path;
}

struct Place {
  std::string path = Make();
  UniqueFd directory{open(path.c_str(), O_RDONLY | O_DIRECTORY)};

  ~Place() {
    tree::removeTree(AT_FDCWD, path);
  }
};

void CheckCanary(const Place& place) {
  for (const char* name : {"canary", "parent/source"}) {
    struct stat status = {};
    char content[16] = {};
    UniqueFd file(openat(place.directory.get(), name, O_RDONLY | O_NOFOLLOW));
    if (!file || fstat(file.get(), &status) != 0 || read(file.get(), content, sizeof content) != 9) abort();
    if (std::string_view(content) != "untouched" || status.st_nlink != 1 || (status.st_mode & 07777) != 0600 || status.st_uid != 0) abort();
  }
}

// So that mutations reach what is behind the checks.
std::string Repaired(std::string stream) {
  for (size_t at = kStreamHead; at + kCommandHead <= stream.size();) {
    const size_t room = stream.size() - at - kCommandHead;
    const size_t length = snapshot::ReadLittle(std::string_view(stream).substr(at)) % (room + 1);
    std::string head;
    snapshot::AppendLittle(head, static_cast<uint32_t>(length));
    stream.replace(at, 4, head);
    stream.replace(at + 6, 4, 4, '\0');
    std::string crc;
    snapshot::AppendLittle(crc, btrfs::Crc32c(std::string_view(stream).substr(at, kCommandHead + length)));
    stream.replace(at + 6, 4, crc);
    at += kCommandHead + length;
  }
  return stream;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < kStreamHead) return 0;
  static const Place place;
  std::string input(reinterpret_cast<const char*>(data), size);
  const auto how = static_cast<uint8_t>(std::exchange(input[kStreamHead - 1], '\0'));
  if ((how & 1) == 0) input = Repaired(std::move(input));
  if (mkdirat(place.directory.get(), "tree", 0700) != 0) abort();
  {
    UniqueFd root(openat(place.directory.get(), "tree", O_RDONLY | O_DIRECTORY));
    UniqueFd parent((how & 2) != 0 ? openat(place.directory.get(), "parent", O_RDONLY | O_DIRECTORY) : -1);
    snapshot::TreeApplier applier(std::move(root), std::move(parent), kLimits, [] { return false; });
    btrfs::SendStream stream([&](const btrfs::SendCommand& command) { return applier.Apply(command); });
    // In pieces, as a pipe would bring it.
    const size_t step = 1 + how * 7;
    std::string_view rest = input;
    while (!rest.empty() && !stream.ended()) {
      const std::string_view piece = rest.substr(0, step);
      auto fed = stream.Feed(piece);
      if (!fed) break;
      if (fed.value() > piece.size() || (fed.value() < piece.size() && !stream.ended())) abort();
      rest.remove_prefix(piece.size());
    }
  }
  CheckCanary(place);
  if (!tree::removeTree(place.directory.get(), "tree")) abort();
  return 0;
}
