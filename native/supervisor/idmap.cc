// SPDX-License-Identifier: Apache-2.0
#include "supervisor/idmap.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
namespace dockerlite {
namespace {

constexpr char kKey[] = "lxc.idmap=";

Status WriteMap(pid_t pid, const char* file, const std::string& text) {
  std::string path = "/proc/" + std::to_string(pid) + "/" + file;
  UniqueFd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) return Error::last("open", path);
  if (write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) return Error::last("write", path);
  return Nothing{};
}

// Lends its namespace until it is killed. It shares this process's memory, and touches none of it.
int Wait(void*) {
  for (;;) pause();
}

Result<UniqueFd> NamespaceOf(pid_t pid, const Idmap& map) {
  if (Status done = WriteMap(pid, "uid_map", map.users); !done) return done.error();
  if (Status done = WriteMap(pid, "gid_map", map.groups); !done) return done.error();
  std::string path = "/proc/" + std::to_string(pid) + "/ns/user";
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return Error::last("open", path);
  return fd;
}

}  // namespace

Idmap IdmapOf(const std::vector<std::string>& config) {
  Idmap map;
  for (auto& item : config) {
    char kind;
    unsigned long inside, outside, count;
    if (!item.starts_with(kKey)) continue;
    if (sscanf(item.c_str() + sizeof kKey - 1, "%c %lu %lu %lu", &kind, &inside, &outside, &count) != 4) continue;
    std::string line = std::to_string(inside) + " " + std::to_string(outside) + " " + std::to_string(count) + "\n";
    (kind == 'u' ? map.users : map.groups) += line;
    if (inside != 0) continue;
    if (kind == 'u')
      map.rootUser = static_cast<uid_t>(outside);
    else
      map.rootGroup = static_cast<gid_t>(outside);
  }
  return map;
}

bool SharesIds(const std::vector<std::string>& config) {
  return std::ranges::any_of(config, [](auto& item) { return item.starts_with("lxc.namespace.share.user="); });
}

Result<UniqueFd> MakeUserNamespace(const Idmap& map) {
  alignas(16) char stack[4096];
  // Without a signal when it ends: liblxc listens for SIGCHLD.
  pid_t pid = clone(Wait, stack + sizeof stack, CLONE_NEWUSER | CLONE_VM, nullptr);
  if (pid < 0) return Error::last("clone(CLONE_NEWUSER)");
  Result<UniqueFd> made = NamespaceOf(pid, map);
  kill(pid, SIGKILL);
  while (waitpid(pid, nullptr, __WCLONE) < 0 && errno == EINTR) {
  }
  return made;
}

}  // namespace dockerlite
