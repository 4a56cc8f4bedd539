// SPDX-License-Identifier: Apache-2.0
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static const char ROOT[] = "/proc/sys/";

static void write_value(const char *path, const char *value, const char *name) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  size_t length = strlen(value);
  if (fd < 0 || write(fd, value, length) != (ssize_t)length) {
    const char *why = strerror(errno);
    fail(FAIL_ENGINE, errno, "cannot set sysctl ", name, why);
  }
  close(fd);
}

static void set(char *order) {
  char path[PATH_MAX];
  char *value = strchr(order, '=');
  if (!value || (size_t)(value - order) >= sizeof path - sizeof ROOT) fail(FAIL_ENGINE, EINVAL, "malformed sysctl", "", "");
  *value++ = 0;
  memcpy(path, ROOT, sizeof ROOT);
  strcpy(path + sizeof ROOT - 1, order);
  char name[PATH_MAX];
  size_t length = strlen(order);
  memcpy(name, order, length);
  memcpy(name + length, ": ", 3);
  write_value(path, value, name);
}

// /proc/sys is a read-only mount by now, but for a container whose system paths are unconfined.
void set_sysctls(const struct payload *payload) {
  if (payload->sysctlc == 0) return;
  unsigned long flags = MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV | MS_NOEXEC;
  bool mounted = mount(NULL, ROOT, NULL, flags, NULL) == 0;
  for (size_t i = 0; i < payload->sysctlc; i++) set(payload->sysctls[i]);
  if (mounted && mount(NULL, ROOT, NULL, flags | MS_RDONLY, NULL) != 0)
    fail(FAIL_ENGINE, errno, "cannot make /proc/sys read-only: ", strerror(errno), "");
}
