// SPDX-License-Identifier: Apache-2.0
#include "supervisor/client_fd.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>

namespace dockerlite {

ClientFd::ClientFd(UniqueFd fd, Direction direction) : fd_(std::move(fd)) {
  struct stat info {};
  if (fstat(fd_.get(), &info) != 0 || S_ISREG(info.st_mode)) return;
  if (S_ISSOCK(info.st_mode)) {
    socket_ = true;
    return;
  }
  int flags = fcntl(fd_.get(), F_GETFL);
  if (flags >= 0 && (flags & O_NONBLOCK)) return;
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd_.get());
  int mode = direction == Direction::kRead ? O_RDONLY : O_WRONLY;
  UniqueFd again(open(path, mode | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (again) {
    fd_ = std::move(again);
  } else {
    poll_ = true;
    maxWrite_ = PIPE_BUF;
  }
}

static bool Ready(int fd, short events) {
  pollfd item{fd, events, 0};
  if (poll(&item, 1, 0) > 0) return true;
  errno = EAGAIN;
  return false;
}

ssize_t ClientFd::Read(char* data, size_t size) {
  if (socket_) return recv(fd_.get(), data, size, MSG_DONTWAIT);
  if (poll_ && !Ready(fd_.get(), POLLIN)) return -1;
  return read(fd_.get(), data, size);
}

ssize_t ClientFd::Write(const char* data, size_t size) {
  if (size > maxWrite_) size = maxWrite_;
  if (socket_) return send(fd_.get(), data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (poll_ && !Ready(fd_.get(), POLLOUT)) return -1;
  return write(fd_.get(), data, size);
}

}  // namespace dockerlite
