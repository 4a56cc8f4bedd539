// SPDX-License-Identifier: Apache-2.0
// usage: command STATUS PROGRAM ARGUMENT...
// run COUNT   runs the program that often, one at a time, its output to /dev/null; answers with the time of each in ms.
//             Fails when an exit status is another than STATUS.
#include <spawn.h>
#include <sys/wait.h>

#include "common.h"

extern char **environ;

static double once(char **argv, posix_spawn_file_actions_t *actions, int expected) {
  pid_t child;
  int status;
  double begin = now_ms();
  if ((errno = posix_spawnp(&child, argv[0], actions, NULL, argv, environ)) != 0) die("%s", argv[0]);
  if (waitpid(child, &status, 0) < 0) die("waitpid");
  double end = now_ms();
  errno = 0;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != expected) die("%s ended with wait status 0x%x", argv[0], (unsigned)status);
  return end - begin;
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  int count;
  for (char line[64]; fgets(line, sizeof line, stdin);) {
    if (sscanf(line, "run %d", &count) != 1) return 2;
    for (int i = 0; i < count; i++) printf("%s%.6f", i ? " " : "", once(argv + 2, &actions, atoi(argv[1])));
    puts("");
    fflush(stdout);
  }
  return 0;
}
