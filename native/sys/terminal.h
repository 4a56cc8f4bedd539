// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/ioctl.h>
#include <termios.h>

#include "sys/result.h"

namespace dockerlite {

// Puts a terminal into raw mode as cfmakeraw(3) means it and returns how it was. (Node's own raw mode leaves output
// processing on: a full-screen program's bare line feeds would then come out as new lines.)
Result<termios> SetRawTerminal(int fd);
Status RestoreTerminal(int fd, const termios& state);
Result<winsize> TerminalSize(int fd);

}  // namespace dockerlite
