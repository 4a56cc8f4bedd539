// SPDX-License-Identifier: Apache-2.0
#include "sys/journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <ctime>

#include "sys/syscalls.h"

namespace dockerlite {
namespace {

constexpr int kAttempts = 16;
constexpr long kMillisecond = 1'000'000;

void MakeParents(const std::string& path) {
  for (size_t at = 1; (at = path.find('/', at)) != std::string::npos; at++) mkdir(path.substr(0, at).c_str(), 0711);
}

bool IsAt(int fd, const std::string& path) {
  struct stat open {}, named {};
  return fstat(fd, &open) == 0 && stat(path.c_str(), &named) == 0 && open.st_ino == named.st_ino && open.st_dev == named.st_dev;
}

// Writers share the lock, who rotates has it alone, for some microseconds. One that was stopped in there holds nobody up: then
// this returns false, and whoever writes does so all the same.
bool LockShared(int fd) {
  for (int i = 0; i < 50; i++) {
    if (flock(fd, LOCK_SH | LOCK_NB) == 0) return true;
    timespec pause{0, kMillisecond};
    nanosleep(&pause, nullptr);
  }
  return false;
}

void Rotate(int fd, const std::string& path, const JournalRotation& rotation) {
  const std::string previous = path + ".1";
  struct stat last {};
  // Its last change is when it got this name. A clock that was set back is no reason to wait; time(2) may lag behind a file's
  // time by a tick, which looks like that.
  if (stat(previous.c_str(), &last) == 0) {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    const int64_t age = now.tv_sec - last.st_ctim.tv_sec;
    if (age >= 0 && age < rotation.keep) return;
  }
  // The shared lock is given up for the other: somebody else may have rotated in between.
  if (flock(fd, LOCK_EX | LOCK_NB) == 0 && IsAt(fd, path)) rename(path.c_str(), previous.c_str());
}

}  // namespace

std::string TimedEvent(std::string_view event) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  char time[96];
  const int length = snprintf(time, sizeof time, ",\"time\":%lld,\"timeNano\":%lld}", static_cast<long long>(now.tv_sec),
                              now.tv_sec * 1'000'000'000LL + now.tv_nsec);
  return std::string(event).append(time, static_cast<size_t>(length));
}

Status AppendLine(const std::string& path, std::string line, const JournalRotation& rotation) {
  line += '\n';
  for (int attempt = 0; attempt < kAttempts; attempt++) {
    Result<UniqueFd> file = Open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0640);
    if (!file && file.error().code == ENOENT) {
      MakeParents(path);
      continue;
    }
    if (!file) return file.error();
    const int fd = file.value().get();
    const bool locked = LockShared(fd);
    if (locked && !IsAt(fd, path)) continue;  // rotated since it was opened
    const ssize_t written = write(fd, line.data(), line.size());
    if (written < 0) return Error::last("write", path);
    if (static_cast<size_t>(written) < line.size()) {  // a full tmpfs: the next line begins on its own
      if (write(fd, "\n", 1) != 1) return Error::last("write", path);
      return Error{ENOSPC, "write", path, {}};
    }
    struct stat info {};
    if (locked && fstat(fd, &info) == 0 && static_cast<uint64_t>(info.st_size) > rotation.size) Rotate(fd, path, rotation);
    return Nothing{};
  }
  return Error{EAGAIN, "open", path, {}};
}

Status AppendEvent(const std::string& path, std::string_view event, const JournalRotation& rotation) {
  return AppendLine(path, TimedEvent(event), rotation);
}

}  // namespace dockerlite
