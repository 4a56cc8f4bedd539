// SPDX-License-Identifier: Apache-2.0
#include "sys/probe.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "sys/syscalls.h"

namespace dockerlite {
namespace {

constexpr size_t kMiB = 1 << 20;

struct Signature {
  size_t offset;
  std::string_view bytes;
  const char* word;
};

using namespace std::string_view_literals;

// More telling ones first: a boot sector's end is on FAT, NTFS and partition tables alike.
constexpr Signature kSignatures[] = {
    {0x10040, "_BHRfS_M"sv, "btrfs"},
    {0x438, "\x53\xef"sv, "ext"},
    {0, "XFSB"sv, "xfs"},
    {0, "LUKS\xba\xbe"sv, "luks"},
    {0x400, "\x10\x20\xf5\xf2"sv, "f2fs"},
    {0, "hsqs"sv, "squashfs"},
    {0, "\xe2\xe1\xf5\xe0"sv, "erofs"},
    {0x400, "\xe2\xe1\xf5\xe0"sv, "erofs"},
    {0x1018, "\xc6\x85\x73\xf6\x4e\x1a\x45\xca"sv, "bcachefs"},
    {4096, "\xfc\x4e\x2b\xa9"sv, "raid"},
    {0, "\xfc\x4e\x2b\xa9"sv, "raid"},
    {4096 - 10, "SWAPSPACE2"sv, "swap"},
    {4096 - 10, "SWAP-SPACE"sv, "swap"},
    {16384 - 10, "SWAPSPACE2"sv, "swap"},
    {65536 - 10, "SWAPSPACE2"sv, "swap"},
    {0, "LABELONE"sv, "lvm"},
    {512, "LABELONE"sv, "lvm"},
    {1024, "LABELONE"sv, "lvm"},
    {1536, "LABELONE"sv, "lvm"},
    {0x8001, "CD001"sv, "iso9660"},
    {512, "EFI PART"sv, "gpt"},
    {4096, "EFI PART"sv, "gpt"},
    {3, "NTFS    "sv, "ntfs"},
    {3, "EXFAT   "sv, "exfat"},
    {0x36, "FAT"sv, "vfat"},
    {0x52, "FAT32"sv, "vfat"},
    {510, "\x55\xaa"sv, "mbr"},
};

bool IsZero(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char byte) { return byte == 0; });
}

// Reads up to `size` bytes at `offset`; fewer at the end of the file.
Result<std::string> ReadAt(int fd, off_t offset, size_t size, const std::string& path) {
  std::string bytes(size, '\0');
  size_t filled = 0;
  while (filled < size) {
    const ssize_t count = pread(fd, bytes.data() + filled, size - filled, offset + static_cast<off_t>(filled));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error::last("pread", path);
    if (count == 0) break;
    filled += static_cast<size_t>(count);
  }
  bytes.resize(filled);
  return bytes;
}

}  // namespace

std::string NameSignature(std::string_view start) {
  for (const Signature& signature : kSignatures)
    if (start.size() >= signature.offset && start.substr(signature.offset).starts_with(signature.bytes))
      return signature.word;
  return IsZero(start) ? "" : "unknown";
}

Result<std::string> ProbeSignature(const std::string& path) {
  // O_NONBLOCK: opening a FIFO or a tape must not wait.
  Result<UniqueFd> fd = Open(path, O_RDONLY | O_NONBLOCK);
  if (!fd) return fd.error();
  struct stat status = {};
  if (fstat(fd.value().get(), &status) != 0) return Error::last("fstat", path);
  if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode))
    return Error{EINVAL, "fstat", path, "neither a block device nor a regular file"};
  Result<std::string> start = ReadAt(fd.value().get(), 0, kMiB, path);
  if (!start) return start;
  std::string word = NameSignature(start.value());
  if (!word.empty()) return word;
  // A backup partition table or an older RAID label is at the end.
  const off_t end = lseek(fd.value().get(), 0, SEEK_END);
  if (end < 0) return Error::last("lseek", path);
  Result<std::string> tail = ReadAt(fd.value().get(), std::max<off_t>(0, end - static_cast<off_t>(kMiB)), kMiB, path);
  if (!tail) return tail;
  return std::string(IsZero(tail.value()) ? "" : "unknown");
}

}  // namespace dockerlite
