// SPDX-License-Identifier: Apache-2.0
#include "supervisor/oom.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "sys/unique_fd.h"

namespace dockerlite {
namespace {

// The counter on its line "oom_kill N"; 0 where there is none.
unsigned long KillsIn(const std::string& file) {
  UniqueFd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return 0;
  char text[1024];
  const ssize_t size = read(fd.get(), text, sizeof text - 1);
  if (size <= 0) return 0;
  text[size] = '\0';
  const char* line = strstr(text, "\noom_kill ");
  return line ? strtoul(line + strlen("\noom_kill "), nullptr, 10) : 0;
}

}  // namespace

bool OomKilled(const std::string& id) {
  const std::string group = "/lxc.payload." + id;
  return KillsIn("/sys/fs/cgroup" + group + "/memory.events") > 0 ||
         KillsIn("/sys/fs/cgroup/memory" + group + "/memory.oom_control") > 0;
}

}  // namespace dockerlite
