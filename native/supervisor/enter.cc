// SPDX-License-Identifier: Apache-2.0
#include "supervisor/enter.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <vector>

#include "supervisor/cgroup.h"

namespace dockerlite {
namespace {

Result<std::string> ReadSmall(const std::string& path) {
  char buffer[4096];
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const ssize_t n = fd ? read(fd.get(), buffer, sizeof buffer) : -1;
  if (n < 0) return Error::last("read", path);
  return std::string(buffer, static_cast<size_t>(n));
}

// Namespaces init does not share with this process. Of one that cannot be told nothing may be executed: it would be outside.
Result<int> ForeignNamespaces(pid_t init) {
  struct Kind {
    const char* name;
    int flag;
  };
  static constexpr Kind kKinds[] = {{"user", CLONE_NEWUSER}, {"mnt", CLONE_NEWNS},       {"uts", CLONE_NEWUTS},
                                    {"ipc", CLONE_NEWIPC},   {"net", CLONE_NEWNET},      {"cgroup", CLONE_NEWCGROUP},
                                    {"pid", CLONE_NEWPID},   {"time", CLONE_NEWTIME}};
  int flags = 0;
  for (auto& kind : kKinds) {
    char own[64], other[64];
    std::string path = std::string("/proc/self/ns/") + kind.name;
    ssize_t a = readlink(path.c_str(), own, sizeof own);
    if (a < 0 && errno == ENOENT) continue;  // not in this kernel
    if (a < 0) return Error::last("readlink", path);
    path = "/proc/" + std::to_string(init) + "/ns/" + kind.name;
    ssize_t b = readlink(path.c_str(), other, sizeof other);
    if (b < 0) return Error::last("readlink", path);
    if (a != b || memcmp(own, other, static_cast<size_t>(a)) != 0) flags |= kind.flag;
  }
  return flags;
}

// In the child. Says why on the shim's socket the way the shim does.
[[noreturn]] void ChildFails(int link, const char* what) {
  int error = errno;
  char message[160];
  uint32_t head[2] = {1, static_cast<uint32_t>(error)};
  int text = snprintf(message + 13, sizeof message - 13, "%s: %s", what, strerror(error));
  uint32_t length = sizeof head + static_cast<uint32_t>(text);
  message[0] = 'E';
  memcpy(message + 1, &length, sizeof length);
  memcpy(message + 5, head, sizeof head);
  if (write(link, message, 5 + length) < 0) _exit(126);
  _exit(125);
}

// What this process has of the supervisor's: it may be frozen or wait before the shim replaces it, and must not keep
// connections open that the supervisor's death is to close.
void CloseAllBut(std::initializer_list<int> wanted) {
  std::vector<int> kept(wanted);
  std::sort(kept.begin(), kept.end());
  unsigned first = 3;
  for (int fd : kept) {
    if (fd < 3) continue;
    if (static_cast<unsigned>(fd) > first) close_range(first, static_cast<unsigned>(fd) - 1, 0);
    first = static_cast<unsigned>(fd) + 1;
  }
  close_range(first, ~0u, 0);
}

void JoinLegacyCgroups(const std::vector<Cgroup>& groups, bool unifiedDone, int link) {
  for (auto& group : groups) {
    if (group.unified && unifiedDone) continue;
    std::string file = group.path + (group.unified ? "/cgroup.procs" : "/tasks");
    UniqueFd fd(open(file.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd || write(fd.get(), "0", 1) != 1) ChildFails(link, "cannot join the container's control group");
  }
}

[[noreturn]] void RunChild(const Container& container, ChildStdio& child, int namespaces,
                           const std::vector<Cgroup>& groups, bool unifiedDone) {
  int link = child.shim.get();
  // The container must not look into this process before the shim has replaced it.
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) ChildFails(link, "prctl");
  CloseAllBut({link, child.in.get(), child.out.get(), child.err.get(), container.initPidfd, container.shimMount.get()});
  JoinLegacyCgroups(groups, unifiedDone, link);
  UniqueFd label;
  if (!container.label.empty()) label.reset(open("/proc/thread-self/attr/apparmor/exec", O_WRONLY | O_CLOEXEC));

  if (namespaces && setns(container.initPidfd, namespaces & ~CLONE_NEWPID) != 0)
    ChildFails(link, "cannot enter the container's namespaces");
  if (namespaces & CLONE_NEWUSER)
    if (syscall(SYS_setgroups, 0, nullptr) != 0 || setresgid(0, 0, 0) != 0 || setresuid(0, 0, 0) != 0)
      ChildFails(link, "cannot become root of the container");
  if (!container.label.empty()) {
    std::string order = "exec " + container.label;
    if (!label || write(label.get(), order.data(), order.size()) < 0) ChildFails(link, "cannot set the profile");
  }
  setsid();
  for (int fd = 0; fd < 3; fd++) {
    int source = fd == 0 ? child.in.get() : fd == 1 ? child.out.get() : child.err.get();
    if (dup2(source, fd) < 0) ChildFails(link, "dup2");
  }
  // Closed by the exec it would say that the command runs.
  if (fcntl(link, F_SETFD, 0) != 0) ChildFails(link, "fcntl");
  char number[16];
  snprintf(number, sizeof number, "%d", link);
  const char* argv[] = {"dockerlite-init", number, nullptr};
  const char* env[] = {nullptr};
  execveat(container.shimMount.get(), "", const_cast<char**>(argv), const_cast<char**>(env), AT_EMPTY_PATH);
  ChildFails(link, "cannot execute the init shim");
}

// A process inside can open /proc/PID/exe of what is executed beside it: through a writable mount it could overwrite
// the host's program once that is no longer running.
Status MountShim(Container& container) {
  if (container.shimMount) return Nothing{};
  UniqueFd mount(static_cast<int>(
      syscall(SYS_open_tree, container.shim.get(), "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)));
  if (!mount) return Error::last("open_tree");
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  if (syscall(SYS_mount_setattr, mount.get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes) != 0)
    return Error::last("mount_setattr");
  container.shimMount = std::move(mount);
  return Nothing{};
}

pid_t Clone(int cgroup, int* pidfd) {
  clone_args args{};
  args.flags = CLONE_PIDFD | (cgroup >= 0 ? CLONE_INTO_CGROUP : 0);
  args.pidfd = reinterpret_cast<uintptr_t>(pidfd);
  args.exit_signal = SIGCHLD;
  args.cgroup = cgroup >= 0 ? static_cast<uint64_t>(cgroup) : 0;
  return static_cast<pid_t>(syscall(SYS_clone3, &args, sizeof args));
}

}  // namespace

Status Inspect(pid_t init, int initPidfd, Container& out) {
  std::string proc = "/proc/" + std::to_string(init);
  out.init = init;
  out.initPidfd = -1;
  out.label.clear();
  out.ownPids.reset(open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC));
  if (!out.ownPids) return Error::last("open", "/proc/self/ns/pid");
  Result<std::string> status = ReadSmall(proc + "/status");
  if (!status) return status.error();
  if (size_t at = status.value().find("CapBnd:\t"); at != std::string::npos)
    out.bounding = strtoull(status.value().c_str() + at + 8, nullptr, 16);
  Result<std::string> confined = ReadSmall(proc + "/attr/apparmor/current");
  const bool none = !confined && (confined.error().code == ENOENT || confined.error().code == EINVAL);
  if (!confined && !none) return confined.error();
  std::string label = none ? "" : std::move(confined.value());
  label.erase(label.find_last_not_of("\n") + 1);
  if (size_t mode = label.rfind(" ("); mode != std::string::npos && label.ends_with(")")) label.resize(mode);
  if (label != "unconfined") out.label = label;
  out.initPidfd = initPidfd;
  return Nothing{};
}

Result<Entered> Enter(Container& container, ChildStdio child) {
  if (container.initPidfd < 0) return Error{EIO, "exec", {}, "what the container is confined by cannot be read"};
  if (Status mounted = MountShim(container); !mounted) return mounted.error();
  std::vector<Cgroup> groups = CgroupsOf(container.init);
  if (groups.empty()) return Error{ESRCH, "exec", {}, "the container has ended"};
  Result<int> foreign = ForeignNamespaces(container.init);
  if (!foreign) return foreign.error();
  const int namespaces = foreign.value();

  UniqueFd unified;
  for (auto& group : groups)
    if (group.unified) unified.reset(open(group.path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));

  // Only what is forked from here on is in the container's pid namespace; this process itself never is.
  bool pids = namespaces & CLONE_NEWPID;
  if (pids && setns(container.initPidfd, CLONE_NEWPID) != 0) return Error::last("setns", "pid namespace");
  int pidfd = -1;
  bool unifiedDone = static_cast<bool>(unified);
  pid_t pid = Clone(unified.get(), &pidfd);
  if (pid < 0 && unifiedDone) {
    unifiedDone = false;
    pid = Clone(-1, &pidfd);
  }
  int error = errno;
  if (pid == 0) RunChild(container, child, namespaces, groups, unifiedDone);
  if (pids && setns(container.ownPids.get(), CLONE_NEWPID) != 0) _exit(125);  // cannot happen, must not go on
  if (pid < 0) return Error{error, "clone3", {}, {}};
  return Entered{pid, UniqueFd(pidfd)};
}

std::string Explain(const Error& error) {
  return error.message.empty() ? error.syscall + ": " + strerror(error.code) : error.message;
}

}  // namespace dockerlite
