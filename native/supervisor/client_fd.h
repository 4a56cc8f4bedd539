// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>

#include "sys/unique_fd.h"

namespace dockerlite {

// A descriptor a client sent for stdin, stdout or stderr. It may be a terminal or a pipe that the user's shell shares,
// so its own O_NONBLOCK flag is never touched: sockets are used with MSG_DONTWAIT, everything else that can block is
// opened anew.
class ClientFd {
 public:
  enum class Direction { kRead, kWrite };

  ClientFd() = default;
  ClientFd(UniqueFd fd, Direction direction);

  int get() const { return fd_.get(); }
  explicit operator bool() const { return static_cast<bool>(fd_); }
  void reset() { fd_.reset(); }
  // As read(2) and write(2); -1 with EAGAIN instead of blocking.
  ssize_t Read(char* data, size_t size);
  ssize_t Write(const char* data, size_t size);

 private:
  UniqueFd fd_;
  bool socket_ = false;
  size_t maxWrite_ = 1 << 20;
  bool poll_ = false;  // could not be opened anew: ask poll(2) first
};

}  // namespace dockerlite
