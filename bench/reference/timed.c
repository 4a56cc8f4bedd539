// SPDX-License-Identifier: Apache-2.0
// usage: timed
// Each line is a command, its words separated by tabs: runs it, its output to /dev/null, and answers with the time in ms and
// the largest resident set, in KiB, of any of its processes. Fails when the command does.
#include "run_program.h"

enum { LINE = 1 << 16, WORDS = 64 };

int main(void) {
  static char line[LINE];
  while (fgets(line, sizeof line, stdin)) {
    char *argv[WORDS + 1] = {0};
    size_t words = 0;
    line[strcspn(line, "\n")] = '\0';
    for (char *word = strtok(line, "\t"); word && words < WORDS; word = strtok(NULL, "\t")) argv[words++] = word;
    if (words == 0) return 2;
    struct rusage usage;
    double time = run_program(argv, 0, &usage);
    printf("%.6f %ld\n", time, usage.ru_maxrss);
    fflush(stdout);
  }
  return 0;
}
