// SPDX-License-Identifier: Apache-2.0
// Preloaded into a supervisor: counts what it and liblxc ask of the C library that can fail, in every process that comes
// of it, and makes one of these calls fail, or take long, or kills who makes it. What is to fail and what has failed is in
// memory shared with the test.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <lxc/lxccontainer.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

// As in interposer.ts.
struct control {
  atomic_uint target;  // 0: none
  atomic_uint count;
  int error;      // negative: the signal that ends a supervisor instead; what it has cloned does not count
  unsigned delay; // in µs: the call only takes so much longer
  char fired[32];
  char only[16];  // no other calls count, and only a supervisor's own
  unsigned wait;  // in µs: before the call fails
};

typedef long word;
typedef word (*function)(word, word, word, word, word, word, word);

static struct control *control;
static unsigned late;

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("DOCKERLITE_TEST_FAULTS");
  word fd = path ? syscall(SYS_open, path, 2 /* O_RDWR */) : -1;
  if (fd < 0) return;
  word shared = syscall(SYS_mmap, 0, sizeof *control, 3 /* read and write */, 1 /* MAP_SHARED */, fd, 0);
  if (shared > 0) control = (struct control *)shared;
  syscall(SYS_close, fd);
}

// Uncounted.
static word kernel(word number, word a, word b) {
  word (*next)(word, ...) = dlsym(RTLD_NEXT, "syscall");
  return next(number, a, b);
}

static int strikes(const char *name) {
  if (!control || !control->target || (*control->only && strcmp(name, control->only))) return 0;
  const word self = control->error < 0 || control->delay || *control->only ? kernel(SYS_getpid, 0, 0) : 0;
  if (self == 1) return 0;
  if (atomic_fetch_add(&control->count, 1) + 1 != control->target) return 0;
  snprintf(control->fired, sizeof control->fired, "%s", name);
  if (control->error < 0) kernel(SYS_kill, self, -control->error);
  if (control->delay) {
    late = control->delay;
    return 0;
  }
  if (control->wait) usleep(control->wait);
  errno = control->error;
  return 1;
}

// What a call has found out is old when the caller gets it.
static word lateness(word result) {
  const int error = errno;
  if (late) usleep(late);
  late = 0;
  errno = error;
  return result;
}

// Integers and pointers travel in the same way whatever a function's prototype says: seven words are any call there is.
#define WORDS word a, word b, word c, word d, word e, word f, word g
#define WRAP(name, failure)                                      \
  word wrapped_##name(WORDS) __asm__(#name);                     \
  word wrapped_##name(WORDS) {                                   \
    static function next;                                        \
    if (!next) next = (function)dlsym(RTLD_NEXT, #name);         \
    return strikes(#name) ? failure : lateness(next(a, b, c, d, e, f, g)); \
  }
#define FAILS(name) WRAP(name, -1)
#define GIVES_NULL(name) WRAP(name, 0)
// What it lets go of would be lost otherwise.
#define FAILS_AFTERWARDS(name) WRAP(name, (next(a, b, c, d, e, f, g), errno = control->error, -1))

// Files.
FAILS(open) FAILS(open64) FAILS(openat) FAILS(openat64) FAILS(creat64) FAILS(read) FAILS(write) FAILS(readlink) FAILS(readlinkat)
FAILS(sendfile64) FAILS(ftruncate64) FAILS(stat64) FAILS(lstat64) FAILS(fstat64) FAILS(fstatat64) FAILS(statx) FAILS(fstatfs64)
FAILS(statfs64) FAILS(statvfs64) FAILS(mkdir) FAILS(mknod) FAILS(mknodat) FAILS(rmdir) FAILS(unlink) FAILS(unlinkat) FAILS(rename)
FAILS(symlink) FAILS(symlinkat) FAILS(chmod) FAILS(fchmod) FAILS(fchmodat) FAILS(chown) FAILS(fchown) FAILS(fchownat) FAILS(access)
FAILS(faccessat) FAILS(chdir) FAILS(fchdir) FAILS(flock) FAILS(memfd_create) FAILS(mkstemp64)
GIVES_NULL(fopen64) GIVES_NULL(fdopen) GIVES_NULL(opendir) GIVES_NULL(fdopendir)
// Descriptors.
FAILS(fcntl64) FAILS(ioctl) FAILS(dup) FAILS(dup2) FAILS(dup3) FAILS(pipe) FAILS(pipe2) FAILS(epoll_create1) FAILS(epoll_ctl)
FAILS(poll) FAILS(signalfd) FAILS(timerfd_create) FAILS(timerfd_settime)
FAILS_AFTERWARDS(close) FAILS_AFTERWARDS(fclose) FAILS_AFTERWARDS(closedir)
// Sockets.
FAILS(socket) FAILS(socketpair) FAILS(bind) FAILS(listen) FAILS(accept) FAILS(accept4) FAILS(connect) FAILS(setsockopt)
FAILS(getsockname) FAILS(send) FAILS(sendto) FAILS(sendmsg) FAILS(recv) FAILS(recvfrom) FAILS(recvmsg) FAILS(shutdown)
// Processes.
FAILS(fork) FAILS(clone) FAILS(kill) FAILS(execveat) FAILS(execv) FAILS(execvp) FAILS(prctl) FAILS(prlimit64) FAILS(setsid)
FAILS(setgid) FAILS(setuid) FAILS(setresgid) FAILS(setresuid) FAILS(setgroups) FAILS(cap_set_proc) GIVES_NULL(cap_get_proc)
FAILS(seccomp_load) WRAP(pthread_create, control->error)
// Namespaces and mounts.
FAILS(setns) FAILS(unshare) FAILS(sethostname) FAILS(chroot) FAILS(mount) FAILS(umount) FAILS(umount2) FAILS(move_mount)
FAILS(open_tree) FAILS(mount_setattr) FAILS(fsopen) FAILS(fsconfig) FAILS(fsmount)

// Those without a function of their own.
word wrapped_syscall(WORDS) __asm__("syscall");
word wrapped_syscall(WORDS) {
  static function next;
  char name[24];
  if (!next) next = (function)dlsym(RTLD_NEXT, "syscall");
  const int waits = a == SYS_epoll_pwait || a == SYS_futex || a == SYS_gettid;
  snprintf(name, sizeof name, "syscall %ld", a);
  return !waits && strikes(name) ? -1 : next(a, b, c, d, e, f, g);
}

// liblxc's own functions.
static bool (*next_set_config_item)(struct lxc_container *, const char *, const char *);
static bool (*next_start)(struct lxc_container *, int, char *const[]);

static bool set_config_item(struct lxc_container *container, const char *key, const char *value) {
  return !strikes("set_config_item") && next_set_config_item(container, key, value);
}

static bool start(struct lxc_container *container, int useInit, char *const argv[]) {
  return !strikes("start") && next_start(container, useInit, argv);
}

struct lxc_container *lxc_container_new(const char *name, const char *path) {
  struct lxc_container *(*next)(const char *, const char *) = dlsym(RTLD_NEXT, "lxc_container_new");
  if (strikes("lxc_container_new")) return NULL;
  struct lxc_container *container = next(name, path);
  if (!container) return NULL;
  next_set_config_item = container->set_config_item;
  next_start = container->start;
  container->set_config_item = set_config_item;
  container->start = start;
  return container;
}
