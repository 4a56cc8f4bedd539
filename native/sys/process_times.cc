// SPDX-License-Identifier: Apache-2.0
#include "sys/process_times.h"

#include <fcntl.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "sys/unique_fd.h"

namespace dockerlite {

uint64_t StartTime(pid_t pid) {
  char path[32];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  char text[1024] = {};
  UniqueFd fd(open(path, O_RDONLY | O_CLOEXEC));
  if (!fd || read(fd.get(), text, sizeof text - 1) <= 0) return 0;
  // The name before it, field 2, may hold anything.
  const char* at = strrchr(text, ')');
  if (!at || at[1] != ' ' || at[2] == 'Z') return 0;
  for (int field = 2; at && field < 22; field++) at = strchr(at + 1, ' ');
  return at ? strtoull(at, nullptr, 10) : 0;
}

}  // namespace dockerlite
