// SPDX-License-Identifier: Apache-2.0
#include "supervisor/lxc_cgroups.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstring>
#include <string_view>

#include "supervisor/cgroup.h"
#include "supervisor/child_death.h"
#include "sys/unique_fd.h"

namespace dockerlite {
namespace {

std::atomic<bool> g_joined = false;  // set by the spawner's thread, and what a fork of it is born with
std::string g_monitor;               // its pid as liblxc writes it, when it is where it belongs
std::vector<std::string> g_bases;
bool g_keepOwner = false;
bool g_standsIn = false;  // from the fork that is left out until liblxc has waited for its end

bool IsCgroup(int directory) {
  struct statfs system {};
  return fstatfs(directory, &system) == 0 && (system.f_type == CGROUP_SUPER_MAGIC || system.f_type == CGROUP2_SUPER_MAGIC);
}

std::vector<std::string> FindBases() {
  std::vector<std::string> bases;
  constexpr std::string_view kInit = "/init.scope";
  for (auto& group : CgroupsOf(1)) {
    if (group.path.ends_with(kInit)) group.path.resize(group.path.size() - kInit.size());
    bases.push_back(std::move(group.path));
  }
  return bases;
}

bool MoveHere(const std::string& group) {
  UniqueFd fd(open((group + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
  return fd && write(fd.get(), "0", 1) == 1;
}

bool IsCalled(int fd, std::string_view name) {
  char target[512];
  const ssize_t length = readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), target, sizeof target);
  return length > 0 && std::string_view(target, static_cast<size_t>(length)).ends_with(name);
}

// Of the process that is left out: the ids it would have, and the word that it may begin.
bool IsForStandIn(int fd, size_t size) { return size == 1 || IsCalled(fd, "id_map"); }

}  // namespace

const std::vector<std::string>& CgroupBases() {
  if (g_bases.empty()) g_bases = FindBases();
  return g_bases;
}

std::string PayloadGroup(const std::string& id) { return "lxc.payload." + id; }

std::string FreePayloadGroup(const std::string& id) {
  const std::string wanted = PayloadGroup(id);
  std::string name = wanted;
  auto taken = [&](const std::string& base) { return access((base + "/" + name).c_str(), F_OK) == 0; };
  for (int i = 1; std::ranges::any_of(CgroupBases(), taken); i++) name = wanted + "-" + std::to_string(i);
  return name;
}

bool JoinMonitors() {
  bool joined = !CgroupBases().empty();
  for (auto& base : CgroupBases()) joined = joined && MoveHere(base + "/" + kMonitors);
  g_joined = joined;
  return joined;
}

void StayInMonitors() { MoveHere(CgroupBases().front() + "/" + kMonitors); }

void BeginSparing(bool delegates) {
  if (g_joined) g_monitor = std::to_string(getpid());
  g_keepOwner = !delegates;
}

void EndSparing() {
  g_monitor.clear();
  g_keepOwner = false;
  g_standsIn = false;
}

// A process moves by its number being written.
extern "C" __attribute__((visibility("default"))) ssize_t write(int fd, const void* data, size_t size) {
  // A number may be a limit or a sysctl's value too.
  const bool names = !g_monitor.empty() && g_monitor == std::string_view(static_cast<const char*>(data), size);
  if ((names && IsCalled(fd, "/cgroup.procs")) || (g_standsIn && IsForStandIn(fd, size))) return static_cast<ssize_t>(size);
  return syscall(SYS_write, fd, data, size);
}

extern "C" __attribute__((visibility("default"))) long syscall(long number, ...) noexcept {
  // Not a static that is initialised once: a process forked while a thread does that would wait for it for ever.
  static std::atomic<long (*)(long, ...)> found;
  auto next = found.load(std::memory_order_relaxed);
  if (!next) found = next = reinterpret_cast<long (*)(long, ...)>(dlsym(RTLD_NEXT, "syscall"));
  va_list list;
  va_start(list, number);
  long arguments[6];
  for (long& argument : arguments) argument = va_arg(list, long);
  va_end(list);
  // liblxc forks a process into a user namespace like the container's for nothing but to give the groups away. It is told of
  // one that has done so: this one's number is there, and what is written and waited for is left out.
  if (number == SYS_clone3 && g_keepOwner && reinterpret_cast<const clone_args*>(arguments[0])->flags == CLONE_NEWUSER) {
    g_standsIn = true;
    return getpid();
  }
  const long result = next(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
  if (result == 0 && (number == SYS_clone3 || number == SYS_clone)) DieWithParent();
  return result;
}

extern "C" __attribute__((visibility("default"))) pid_t waitpid(pid_t pid, int* status, int options) {
  if (!g_standsIn || pid != getpid()) return static_cast<pid_t>(syscall(SYS_wait4, pid, status, options, nullptr));
  g_standsIn = false;
  if (status) *status = 0;
  return pid;
}

// liblxc insists on having made a monitor's group itself; ours is there already, but for the first.
extern "C" __attribute__((visibility("default"))) int mkdirat(int directory, const char* path, mode_t mode) noexcept {
  const bool monitors = strcmp(path, kMonitors) == 0;
  if (monitors && !g_monitor.empty()) return 0;
  const long result = syscall(SYS_mkdirat, directory, path, mode);
  return result < 0 && errno == EEXIST && monitors ? 0 : static_cast<int>(result);
}

extern "C" __attribute__((visibility("default"))) int fchownat(int directory, const char* path, uid_t user, gid_t group,
                                                               int flags) noexcept {
  if (g_keepOwner && IsCgroup(directory)) return 0;
  return static_cast<int>(syscall(SYS_fchownat, directory, path, user, group, flags));
}

// liblxc passes no flags.
extern "C" __attribute__((visibility("default"))) int fchmodat(int directory, const char* path, mode_t mode, int flags) noexcept {
  if (g_keepOwner && IsCgroup(directory)) return 0;
  if (flags == 0) return static_cast<int>(syscall(SYS_fchmodat, directory, path, mode));
  errno = EOPNOTSUPP;
  return -1;
}

// liblxc asks what each file of a control group is before it removes that, hundreds of them, to find groups below; the
// directory says it already.
extern "C" __attribute__((visibility("default"))) dirent* readdir64(DIR* directory) {
  static const auto next = reinterpret_cast<dirent* (*)(DIR*)>(dlsym(RTLD_NEXT, "readdir64"));
  dirent* entry = next(directory);
  if (!entry || entry->d_type != DT_REG || !IsCgroup(dirfd(directory))) return entry;
  while (entry && entry->d_type == DT_REG) entry = next(directory);
  return entry;
}

}  // namespace dockerlite
