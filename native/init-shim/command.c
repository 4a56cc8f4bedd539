// SPDX-License-Identifier: Apache-2.0
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char DEFAULT_PATH[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

static void make_directories(const char *directory) {
  char path[PATH_MAX];
  size_t length = strlen(directory);
  if (length >= sizeof path) fail(FAIL_DIRECTORY, ENAMETOOLONG, directory, ": file name too long", "");
  memcpy(path, directory, length + 1);
  for (char *at = path + 1; *at; at++) {
    if (*at != '/') continue;
    *at = 0;
    mkdir(path, 0755);
    *at = '/';
  }
  mkdir(path, 0755);
}

void enter_directory(const char *directory, bool make) {
  if (!directory || !*directory) directory = "/";
  if (chdir(directory) == 0) return;
  if (make && errno == ENOENT) {
    make_directories(directory);
    if (chdir(directory) == 0) return;
  }
  const char *why = strerror(errno);
  fail(FAIL_DIRECTORY, errno, why, ": cannot change to directory ", directory);
}

static const char *path_of(const struct payload *payload) {
  for (size_t i = 0; i < payload->envc; i++)
    if (strncmp(payload->env[i], "PATH=", 5) == 0) return payload->env[i] + 5;
  return DEFAULT_PATH;
}

// The reason the file cannot run, 0 when it can.
static int why_not(const char *file) {
  struct stat info;
  if (stat(file, &info) != 0) return errno;
  if (S_ISDIR(info.st_mode)) return EISDIR;
  return faccessat(AT_FDCWD, file, X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

static _Noreturn void report(const char *name, int error) {
  bool missing = error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG || error == ELOOP;
  // exec: "NAME": stat NAME: no such file or directory
  char quoted[900] = "exec: \"";
  size_t length = strnlen(name, 400), at = 7;
  memcpy(quoted + at, name, length);
  memcpy(quoted + at + length, "\": ", 4);
  if (missing) {
    at += length + 3;
    memcpy(quoted + at, "stat ", 5);
    memcpy(quoted + at + 5, name, length);
    memcpy(quoted + at + 5 + length, ": ", 3);
  }
  const char *text = error == ENOENT    ? "no such file or directory"
                     : error == EACCES  ? "permission denied"
                     : error == EISDIR  ? "is a directory"
                     : error == ENOEXEC ? "exec format error"
                                        : strerror(error);
  fail(missing ? FAIL_NOT_FOUND : FAIL_NOT_EXECUTABLE, error, quoted, text, "");
}

static _Noreturn void execute(const struct payload *payload, const char *file) {
  execve(file, payload->argv, payload->env);
  report(file, errno);
}

void run_command(const struct payload *payload) {
  const char *name = payload->argv[0];
  if (strchr(name, '/')) {
    int error = why_not(name);
    if (error) report(name, error);
    execute(payload, name);
  }
  char file[PATH_MAX];
  size_t length = strlen(name);
  for (const char *at = path_of(payload); at;) {
    const char *end = strchr(at, ':');
    size_t size = end ? (size_t)(end - at) : strlen(at);
    if (size + length + 2 < sizeof file) {
      memcpy(file, at, size);
      if (size) file[size++] = '/';
      memcpy(file + size, name, length + 1);
      if (why_not(file) == 0) execute(payload, file);
    }
    at = end ? end + 1 : NULL;
  }
  fail(FAIL_NOT_FOUND, ENOENT, "exec: \"", name, "\": executable file not found in $PATH");
}
