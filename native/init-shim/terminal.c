// SPDX-License-Identifier: Apache-2.0
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

// A terminal of the container's own devpts, so that ttyname(3) works inside; the supervisor gets the master.
int terminal_open(const struct payload *payload, const struct identity *identity) {
  int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master < 0) fail(FAIL_ENGINE, errno, "cannot open /dev/ptmx: ", strerror(errno), "");
  int unlock = 0;
  if (ioctl(master, TIOCSPTLCK, &unlock) != 0) fail(FAIL_ENGINE, errno, "cannot unlock the terminal", "", "");
  int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (slave < 0) fail(FAIL_ENGINE, errno, "cannot open the terminal: ", strerror(errno), "");
  if (payload->rows && payload->columns) {
    struct winsize size = {.ws_row = (unsigned short)payload->rows, .ws_col = (unsigned short)payload->columns};
    ioctl(slave, TIOCSWINSZ, &size);
  }
  if (fchown(slave, identity->uid, (gid_t)-1) == 0) fchmod(slave, 0620);
  link_send_terminal(master);
  close(master);
  return slave;
}

void terminal_take(int slave) {
  setsid();
  if (ioctl(slave, TIOCSCTTY, 0) != 0) fail(FAIL_ENGINE, errno, "cannot take the terminal: ", strerror(errno), "");
  for (int fd = 0; fd < 3; fd++)
    if (dup2(slave, fd) < 0) fail(FAIL_ENGINE, errno, "dup2: ", strerror(errno), "");
  if (slave > 2) close(slave);
}
