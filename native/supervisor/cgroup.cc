// SPDX-License-Identifier: Apache-2.0
#include "supervisor/cgroup.h"

#include <fcntl.h>
#include <time.h>

#include <cerrno>
#include <optional>
#include <string_view>

namespace dockerlite {
namespace {

// All of it or nothing: half a list of groups would leave a process out of the others.
std::string ReadFile(const std::string& path) {
  std::string text;
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char buffer[4096];
  ssize_t n = 0;
  while (fd && (n = read(fd.get(), buffer, sizeof buffer)) > 0) text.append(buffer, static_cast<size_t>(n));
  return n < 0 ? "" : text;
}

std::string_view Cut(std::string_view& rest, char separator) {
  size_t at = rest.find(separator);
  std::string_view head = rest.substr(0, at);
  rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
  return head;
}

bool ListHas(std::string_view list, std::string_view wanted) {
  while (!list.empty())
    if (Cut(list, ',') == wanted) return true;
  return false;
}

struct Mount {
  std::string_view root, target, type, options;
};

std::optional<Mount> ParseMount(std::string_view line) {
  Mount mount;
  for (int i = 0; i < 3; i++) Cut(line, ' ');
  mount.root = Cut(line, ' ');
  mount.target = Cut(line, ' ');
  size_t dash = line.find(" - ");
  if (dash == std::string_view::npos) return std::nullopt;
  line.remove_prefix(dash + 3);
  mount.type = Cut(line, ' ');
  Cut(line, ' ');
  mount.options = line;
  if (mount.type != "cgroup" && mount.type != "cgroup2") return std::nullopt;
  return mount;
}

// The directory of `path` below this mount; nullopt when the mount shows another part of the hierarchy.
std::optional<std::string> PathBelow(const Mount& mount, std::string_view path) {
  if (mount.root != "/") {
    if (!path.starts_with(mount.root)) return std::nullopt;
    path.remove_prefix(mount.root.size());
    if (!path.empty() && path[0] != '/') return std::nullopt;
  }
  return std::string(mount.target) + std::string(path);
}

}  // namespace

std::vector<Cgroup> CgroupsOf(pid_t pid) {
  std::string mounts = ReadFile("/proc/self/mountinfo");
  std::string own = ReadFile("/proc/" + std::to_string(pid) + "/cgroup");
  std::vector<Cgroup> groups;
  for (std::string_view rest = own; !rest.empty();) {
    std::string_view line = Cut(rest, '\n');
    Cut(line, ':');
    std::string_view controllers = Cut(line, ':');
    bool unified = controllers.empty();
    std::string_view first = Cut(controllers, ',');
    for (std::string_view table = mounts; !table.empty();) {
      std::optional<Mount> mount = ParseMount(Cut(table, '\n'));
      if (!mount || (mount->type == "cgroup2") != unified) continue;
      if (!unified && !ListHas(mount->options, first)) continue;
      std::optional<std::string> path = PathBelow(*mount, line);
      if (!path) continue;
      // The root of a hierarchy cannot be frozen: liblxc made nothing there, however it came to be mounted.
      groups.push_back({unified, ListHas(mount->options, "freezer") && !unified && line != "/", std::move(*path)});
      break;
    }
  }
  return groups;
}

namespace {

const Cgroup* FreezerOf(const std::vector<Cgroup>& groups) {
  const Cgroup* found = nullptr;
  for (auto& group : groups)
    if (group.freezer || (group.unified && !found)) found = &group;
  return found;
}

bool StateIs(const Cgroup& group, bool frozen) {
  if (group.unified)
    return ReadFile(group.path + "/cgroup.events").find(frozen ? "frozen 1" : "frozen 0") != std::string::npos;
  return ReadFile(group.path + "/freezer.state") == (frozen ? "FROZEN\n" : "THAWED\n");
}

}  // namespace

bool IsFrozen(const std::vector<Cgroup>& groups) {
  const Cgroup* group = FreezerOf(groups);
  return group && StateIs(*group, true);
}

int SetFrozen(const std::vector<Cgroup>& groups, bool frozen) {
  const Cgroup* group = FreezerOf(groups);
  if (!group) return ENOTSUP;
  std::string file = group->path + (group->unified ? "/cgroup.freeze" : "/freezer.state");
  std::string_view word = group->unified ? (frozen ? "1" : "0") : (frozen ? "FROZEN" : "THAWED");
  // Tasks stop one by one; on v1 writing again pushes the kernel on.
  for (int attempt = 0; attempt < 100; attempt++) {
    UniqueFd fd(open(file.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd || write(fd.get(), word.data(), word.size()) < 0) return errno;
    if (StateIs(*group, frozen)) return 0;
    timespec pause{0, 1'000'000};
    nanosleep(&pause, nullptr);
  }
  return EBUSY;
}

}  // namespace dockerlite
