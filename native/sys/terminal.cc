// SPDX-License-Identifier: Apache-2.0
#include "sys/terminal.h"

#include <pthread.h>
#include <signal.h>

namespace dockerlite {
namespace {

// A background process that sets a terminal's attributes is stopped by SIGTTOU; blocked, the call is simply done.
class TtouBlocked {
 public:
  TtouBlocked() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTTOU);
    pthread_sigmask(SIG_BLOCK, &set, &old_);
  }
  ~TtouBlocked() { pthread_sigmask(SIG_SETMASK, &old_, nullptr); }
  TtouBlocked(const TtouBlocked&) = delete;
  TtouBlocked& operator=(const TtouBlocked&) = delete;

 private:
  sigset_t old_;
};

}  // namespace

Result<termios> SetRawTerminal(int fd) {
  termios old{};
  if (tcgetattr(fd, &old) != 0) return Error::last("tcgetattr");
  termios raw = old;
  cfmakeraw(&raw);
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  TtouBlocked blocked;
  if (tcsetattr(fd, TCSANOW, &raw) != 0) return Error::last("tcsetattr");
  return old;
}

Status RestoreTerminal(int fd, const termios& state) {
  TtouBlocked blocked;
  if (tcsetattr(fd, TCSADRAIN, &state) != 0) return Error::last("tcsetattr");
  return Nothing{};
}

Result<winsize> TerminalSize(int fd) {
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) != 0) return Error::last("ioctl(TIOCGWINSZ)");
  return size;
}

}  // namespace dockerlite
