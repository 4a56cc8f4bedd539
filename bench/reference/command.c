// SPDX-License-Identifier: Apache-2.0
// usage: command STATUS PROGRAM ARGUMENT...
// run COUNT   runs the program that often, one at a time, its output to /dev/null; answers with the time of each in ms.
//             Fails when an exit status is another than STATUS.
#include "run_program.h"

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  struct rusage usage;
  int count;
  for (char line[64]; fgets(line, sizeof line, stdin);) {
    if (sscanf(line, "run %d", &count) != 1) return 2;
    for (int i = 0; i < count; i++) printf("%s%.6f", i ? " " : "", run_program(argv + 2, atoi(argv[1]), &usage));
    puts("");
    fflush(stdout);
  }
  return 0;
}
