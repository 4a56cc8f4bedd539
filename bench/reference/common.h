// SPDX-License-Identifier: Apache-2.0
// What the reference programs share: they read one command a line, and answer with one line.
#ifndef DOCKERLITE_BENCH_COMMON_H
#define DOCKERLITE_BENCH_COMMON_H

#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

static inline double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

__attribute__((noreturn, format(printf, 1, 2))) static inline void die(const char *format, ...) {
  int error = errno;
  va_list args;
  va_start(args, format);
  vfprintf(stderr, format, args);
  va_end(args);
  fprintf(stderr, ": %s\n", strerror(error));
  _exit(1);
}

static inline int open_directory(const char *path) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) die("%s", path);
  return fd;
}

// DIRECTORY/NAME/rootfs from the subvolume `source`, in a parent directory of its own.
static inline void snapshot(int source, const char *parent) {
  if (mkdir(parent, 0700) != 0) die("mkdir %s", parent);
  int fd = open_directory(parent);
  struct btrfs_ioctl_vol_args_v2 args = {.fd = source};
  strcpy(args.name, "rootfs");
  if (ioctl(fd, BTRFS_IOC_SNAP_CREATE_V2, &args) != 0) die("snapshot %s", parent);
  close(fd);
}

static inline void destroy(const char *parent) {
  int fd = open_directory(parent);
  struct btrfs_ioctl_vol_args_v2 args = {0};
  strcpy(args.name, "rootfs");
  if (ioctl(fd, BTRFS_IOC_SNAP_DESTROY_V2, &args) != 0) die("delete %s", parent);
  close(fd);
  if (rmdir(parent) != 0) die("rmdir %s", parent);
}

#endif
