// SPDX-License-Identifier: Apache-2.0
// Preloaded into a spawner: its thread stops at the first call of the function that the environment names, until the process
// has forked, or for ten seconds.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char at[16];
static atomic_int forked;

__attribute__((constructor)) static void begin(void) {
  const char *name = getenv("DOCKERLITE_TEST_STOP_AT");
  if (name) strncpy(at, name, sizeof at - 1);
}

static void *next(const char *name) {
  static void *(*find)(void *, const char *);
  if (!find) find = (void *(*)(void *, const char *))dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.34");
  if (!find) find = (void *(*)(void *, const char *))dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.2.5");
  return find(RTLD_NEXT, name);
}

static void stop(const char *function) {
  // Sanitizers look functions up before they have a strcmp.
  if (*at == 0 || strcmp(at, function) != 0 || gettid() == getpid()) return;
  const struct timespec pause = {0, 5000000};
  for (int i = 0; i < 2000 && !forked; i++) nanosleep(&pause, NULL);
}

pid_t fork(void) {
  const pid_t child = ((pid_t(*)(void))next("fork"))();
  if (child > 0) forked = 1;
  return child;
}

#define OPEN(name)                                                   \
  int name(const char *path, int flags, ...) {                       \
    va_list list;                                                    \
    va_start(list, flags);                                           \
    const int mode = va_arg(list, int);                              \
    va_end(list);                                                    \
    stop("open");                                                    \
    return ((int (*)(const char *, int, ...))next(#name))(path, flags, mode); \
  }
OPEN(open)
OPEN(open64)

// Nobody but the supervisor's own functions asks for what comes next.
void *dlsym(void *handle, const char *name) {
  stop("dlsym");
  if (handle == RTLD_NEXT) return next(name);
  return ((void *(*)(void *, const char *))next("dlsym"))(handle, name);
}
