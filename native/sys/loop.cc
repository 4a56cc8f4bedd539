// SPDX-License-Identifier: Apache-2.0
#include "sys/loop.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>

#include "sys/syscalls.h"

namespace dockerlite {
namespace {

static_assert(sizeof(loop_info64) == 232);
static_assert(sizeof(loop_config) == 304);

constexpr int kLoopMajor = 7;
// How often another process may take the free device first.
constexpr int kAttempts = 100;

// huge_encode_dev() of the kernel, which is what glibc's dev_t is not.
bool IsDevice(uint64_t encoded, dev_t device) {
  const unsigned number_major = (encoded >> 8) & 0xfff;
  const unsigned number_minor = (encoded & 0xff) | ((encoded >> 12) & 0xfff00);
  return number_major == major(device) && number_minor == minor(device);
}

bool HasFile(int loop, const struct stat& file) {
  loop_info64 info = {};
  return ioctl(loop, LOOP_GET_STATUS64, &info) == 0 && info.lo_inode == file.st_ino && IsDevice(info.lo_device, file.st_dev);
}

// Opens /dev/loopN; in a chroot or container the node may be missing for a device that exists.
Result<UniqueFd> OpenLoop(int number, const std::string& path) {
  Result<UniqueFd> fd = Open(path, O_RDWR);
  if (fd || fd.error().code != ENOENT) return fd;
  if (mknod(path.c_str(), S_IFBLK | 0660, makedev(kLoopMajor, static_cast<unsigned>(number))) != 0 && errno != EEXIST)
    return Error::last("mknod", path);
  return Open(path, O_RDWR);
}

std::optional<LoopDevice> FindAttached(const struct stat& file) {
  struct Close {
    void operator()(DIR* directory) const { closedir(directory); }
  };
  std::unique_ptr<DIR, Close> blocks(opendir("/sys/block"));
  if (!blocks) return std::nullopt;
  while (const dirent* entry = readdir(blocks.get())) {
    int number = -1;
    if (sscanf(entry->d_name, "loop%d", &number) != 1 || number < 0) continue;
    // Only a device with a file has this; free ones need not be opened.
    struct stat attached = {};
    const std::string backing = std::string("/sys/block/") + entry->d_name + "/loop/backing_file";
    if (stat(backing.c_str(), &attached) != 0) continue;
    LoopDevice device{{}, std::string("/dev/") + entry->d_name};
    Result<UniqueFd> fd = OpenLoop(number, device.path);
    if (!fd || !HasFile(fd.value().get(), file)) continue;
    device.fd = std::move(fd.value());
    return device;
  }
  return std::nullopt;
}

// 0, or errno.
int Configure(int loop, int file, const std::string& path, bool direct, uint32_t block_size) {
  loop_config config = {};
  config.fd = static_cast<__u32>(file);
  config.block_size = block_size;
  config.info.lo_flags = LO_FLAGS_AUTOCLEAR | (direct ? LO_FLAGS_DIRECT_IO : 0);
  // Only for losetup(8) to show; the kernel demands the final NUL.
  path.copy(reinterpret_cast<char*>(config.info.lo_file_name), LO_NAME_SIZE - 1);
  return ioctl(loop, LOOP_CONFIGURE, &config) == 0 ? 0 : errno;
}

Result<LoopDevice> AttachFree(const UniqueFd& file, const struct stat& status, const std::string& path) {
  Result<UniqueFd> control = Open("/dev/loop-control", O_RDWR);
  if (!control) return control.error();
  // btrfs reads and writes whole sectors of 4 KiB or more; as that is also the device's block size, direct io is
  // aligned whatever the disk below has.
  const uint32_t block_size = status.st_size % 4096 == 0 ? 4096 : 0;
  int failure = EBUSY;
  for (int attempt = 0; attempt < kAttempts; attempt++) {
    const int number = ioctl(control.value().get(), LOOP_CTL_GET_FREE);
    if (number < 0) return Error::last("ioctl(LOOP_CTL_GET_FREE)", "/dev/loop-control");
    LoopDevice device{{}, "/dev/loop" + std::to_string(number)};
    Result<UniqueFd> fd = OpenLoop(number, device.path);
    if (!fd) {
      // ENXIO: removed again between the two calls.
      if (fd.error().code == ENXIO) continue;
      return fd.error();
    }
    failure = Configure(fd.value().get(), file.get(), path, true, block_size);
    // File systems without direct io (tmpfs of older kernels) refuse it, or it alone.
    if (failure == EINVAL || failure == EOPNOTSUPP) failure = Configure(fd.value().get(), file.get(), path, false, 0);
    if (failure == 0) {
      device.fd = std::move(fd.value());
      return device;
    }
    if (failure != EBUSY) break;
  }
  return Error{failure, "ioctl(LOOP_CONFIGURE)", path, {}};
}

}  // namespace

Result<LoopDevice> AttachLoop(const std::string& path) {
  Result<UniqueFd> file = Open(path, O_RDWR);
  if (!file) return file.error();
  struct stat status = {};
  if (fstat(file.value().get(), &status) != 0) return Error::last("fstat", path);
  if (!S_ISREG(status.st_mode)) return Error{EINVAL, "fstat", path, "not a regular file"};
  if (std::optional<LoopDevice> attached = FindAttached(status)) return std::move(*attached);
  return AttachFree(file.value(), status, path);
}

Status DetachLoop(const std::string& device) {
  Result<UniqueFd> fd = Open(device, O_RDONLY);
  if (!fd) return fd.error();
  // ENXIO: it has no file.
  if (ioctl(fd.value().get(), LOOP_CLR_FD) == 0 || errno == ENXIO) return Nothing{};
  return Error::last("ioctl(LOOP_CLR_FD)", device);
}

bool IsLoopOver(const std::string& device, const std::string& path) {
  struct stat file = {};
  if (stat(path.c_str(), &file) != 0) return false;
  Result<UniqueFd> fd = Open(device, O_RDONLY | O_NONBLOCK);
  struct stat node = {};
  if (!fd || fstat(fd.value().get(), &node) != 0) return false;
  return S_ISBLK(node.st_mode) && major(node.st_rdev) == kLoopMajor && HasFile(fd.value().get(), file);
}

}  // namespace dockerlite
