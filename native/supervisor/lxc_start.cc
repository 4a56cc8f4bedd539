// SPDX-License-Identifier: Apache-2.0
#include "supervisor/lxc_start.h"

#include <fcntl.h>
#include <lxc/lxccontainer.h>
#include <signal.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <utility>

#include "supervisor/child_death.h"
#include "supervisor/event_loop.h"
#include "supervisor/lxc_cgroups.h"
#include "sys/unique_fd.h"

namespace dockerlite {
namespace {

// liblxc and its child can wait for each other for ever when a call fails in one of them; nobody else is served then. The
// kernel ends this process when liblxc has not let go for so long, and whoever looks next clears up.
class Patience {
 public:
  Patience() {
    sigevent event{};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGKILL;
    made_ = timer_create(CLOCK_MONOTONIC, &event, &timer_) == 0;
    Begin();
  }
  Patience(const Patience&) = delete;
  Patience& operator=(const Patience&) = delete;
  ~Patience() {
    if (made_) timer_delete(timer_);
  }
  void Begin() { Set(60); }
  void End() { Set(0); }

 private:
  void Set(time_t seconds) {
    const itimerspec in{{0, 0}, {seconds, 0}};
    if (made_) timer_settime(timer_, 0, &in, nullptr);
  }

  timer_t timer_{};
  bool made_ = false;
};

LxcStart::Serve* g_serve = nullptr;
Patience* g_patience = nullptr;

}  // namespace

// What liblxc's main loop calls: see LxcStart.
extern "C" __attribute__((visibility("default"))) int epoll_wait(int epoll, epoll_event* events, int capacity,
                                                                 int timeout) {
  if (g_serve && timeout < 0) {
    EndSparing();  // the container runs: what is written from now on is its own
    EndDyingTogether();
    g_patience->End();
    (*g_serve)(epoll);
    g_patience->Begin();
    timeout = 0;
  }
  return RawEpollWait(epoll, events, capacity, timeout);
}

LxcStart::LxcStart(const std::string& name, const std::string& lxcPath, std::string payloadGroup, std::string logFile,
                   bool delegates)
    : container_(lxc_container_new(name.c_str(), lxcPath.c_str())),
      payloadGroup_(std::move(payloadGroup)),
      logFile_(std::move(logFile)),
      delegates_(delegates) {}

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
      // When the container has ended liblxc moves its monitor on, in every hierarchy, to remove the group it was in, which is
      // everybody's here. To a name too long for any directory it does not, and asks the kernel nothing.
      {"lxc.cgroup.dir.monitor.pivot", std::string(PATH_MAX - 2, '-')},
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
  Patience patience;
  g_patience = &patience;
  g_serve = &serve;
  container_->error_num = -1;
  BeginSparing(delegates_);
  BeginDyingTogether();
  const bool ok = container_->start(container_, 0, argv);
  EndSparing();
  EndDyingTogether();
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
