// SPDX-License-Identifier: Apache-2.0
#ifndef DOCKERLITE_BENCH_RUN_PROGRAM_H
#define DOCKERLITE_BENCH_RUN_PROGRAM_H

#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "common.h"

extern char **environ;

// Time in ms of a program, its input and output /dev/null; what it took of the machine goes into `usage`.
static inline double run_program(char *const *argv, int expected, struct rusage *usage) {
  posix_spawn_file_actions_t actions;
  pid_t child;
  int status;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  double begin = now_ms();
  if ((errno = posix_spawnp(&child, argv[0], &actions, NULL, argv, environ)) != 0) die("%s", argv[0]);
  if (wait4(child, &status, 0, usage) < 0) die("wait4");
  double end = now_ms();
  posix_spawn_file_actions_destroy(&actions);
  errno = 0;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != expected) die("%s ended with wait status 0x%x", argv[0], (unsigned)status);
  return end - begin;
}

#endif
