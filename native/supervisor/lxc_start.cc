// SPDX-License-Identifier: Apache-2.0
#include "supervisor/lxc_start.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <lxc/lxccontainer.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "supervisor/cgroup.h"
#include "supervisor/event_loop.h"
#include "sys/unique_fd.h"

namespace dockerlite {
namespace {

LxcStart::Serve* g_serve = nullptr;

// The control group of every supervisor. One of its own for each, as liblxc makes them, has no use here, and costs: a kernel
// with 1,000 containers keeps 100 KiB and more for a memory group alone, whoever is in it.
constexpr char kMonitors[] = "lxc.monitors";

bool IsCgroup(int directory) {
  struct statfs system {};
  return fstatfs(directory, &system) == 0 && (system.f_type == CGROUP_SUPER_MAGIC || system.f_type == CGROUP2_SUPER_MAGIC);
}

// Not there in any hierarchy, below the group liblxc makes its own in.
std::string FreePayloadGroup(const std::string& id) {
  std::vector<Cgroup> bases = CgroupsOf(1);
  for (auto& base : bases)
    if (base.path.ends_with("/init.scope")) base.path.resize(base.path.size() - strlen("/init.scope"));
  const std::string wanted = "lxc.payload." + id;
  std::string name = wanted;
  auto taken = [&](const Cgroup& base) { return access((base.path + "/" + name).c_str(), F_OK) == 0; };
  for (int i = 1; std::any_of(bases.begin(), bases.end(), taken); i++) name = wanted + "-" + std::to_string(i);
  return name;
}

}  // namespace

// What liblxc's main loop calls: see LxcStart.
extern "C" __attribute__((visibility("default"))) int epoll_wait(int epoll, epoll_event* events, int capacity,
                                                                 int timeout) {
  if (g_serve && timeout < 0) {
    (*g_serve)(epoll);
    timeout = 0;
  }
  return RawEpollWait(epoll, events, capacity, timeout);
}

// liblxc insists on having made a monitor's group itself; ours is there already, but for the first.
extern "C" __attribute__((visibility("default"))) int mkdirat(int directory, const char* path, mode_t mode) noexcept {
  const long result = syscall(SYS_mkdirat, directory, path, mode);
  return result < 0 && errno == EEXIST && strcmp(path, kMonitors) == 0 ? 0 : static_cast<int>(result);
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

LxcStart::LxcStart(std::string name, std::string lxcPath, std::string logFile)
    : container_(lxc_container_new(name.c_str(), lxcPath.c_str())), payloadGroup_(FreePayloadGroup(name)), logFile_(std::move(logFile)) {}

LxcStart::~LxcStart() {
  if (container_) lxc_container_put(container_);
}

Status LxcStart::Set(const std::string& key, const std::string& value) {
  if (container_->set_config_item(container_, key.c_str(), value.c_str())) return Nothing{};
  return Error{EINVAL, "set_config_item", key + "=" + value, "liblxc does not accept this setting"};
}

Status LxcStart::Configure(const std::vector<std::string>& items) {
  if (!container_) return Error{ENOMEM, "lxc_container_new", {}, "liblxc cannot make a container object"};
  const std::pair<std::string, std::string> own[] = {
      {"lxc.log.level", "ERROR"},
      {"lxc.log.file", logFile_},
      {"lxc.cgroup.dir.monitor", kMonitors},
      // Below the other, so that liblxc, which removes that, finds it in use.
      {"lxc.cgroup.dir.monitor.pivot", kMonitors},
      {"lxc.cgroup.dir.container", payloadGroup_},
  };
  for (auto& [key, value] : own)
    if (Status set = Set(key, value); !set) return set;
  for (auto& item : items) {
    size_t equals = item.find('=');
    if (equals == std::string::npos) return Error{EINVAL, "set_config_item", item, "not key=value"};
    if (Status set = Set(item.substr(0, equals), item.substr(equals + 1)); !set) return set;
  }
  container_->want_daemonize(container_, false);
  container_->want_close_all_fds(container_, false);
  return Nothing{};
}

std::optional<int> LxcStart::Run(const char* shim, int link, Serve serve) {
  std::string program = shim, number = std::to_string(link);
  char* const argv[] = {program.data(), number.data(), nullptr};
  g_serve = &serve;
  container_->error_num = -1;
  const bool ok = container_->start(container_, 0, argv);
  g_serve = nullptr;
  if (!ok || container_->error_num < 0) return std::nullopt;
  // liblxc says N << 8 | 0x7f of one that signal N ended (signal_handler() of its start.c).
  const int status = container_->error_num;
  return (status & 0x7f) == 0x7f ? status >> 8 & 0x7f : status;
}

std::vector<std::string> LxcStart::LogLines() const {
  std::vector<std::string> lines;
  std::string text;
  UniqueFd fd(open(logFile_.c_str(), O_RDONLY | O_CLOEXEC));
  char buffer[4096];
  for (ssize_t n; fd && (n = read(fd.get(), buffer, sizeof buffer)) > 0 && text.size() < 65536;)
    text.append(buffer, static_cast<size_t>(n));
  for (size_t at = 0; at < text.size();) {
    size_t end = text.find('\n', at);
    if (end == std::string::npos) end = text.size();
    std::string line = text.substr(at, end - at);
    at = end + 1;
    // lxc NAME TIME ERROR    file - ../src/lxc/file.c:function:123 - message
    size_t source = line.find(" - ");
    size_t message = source == std::string::npos ? source : line.find(" - ", source + 3);
    if (message != std::string::npos) lines.push_back(line.substr(message + 3));
  }
  return lines;
}

}  // namespace dockerlite
