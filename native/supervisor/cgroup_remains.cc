// SPDX-License-Identifier: Apache-2.0
#include "supervisor/cgroup_remains.h"

#include <dirent.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

namespace dockerlite {
namespace {

constexpr char kRoot[] = "/sys/fs/cgroup";

// Asking first takes no lock, and almost always there is nothing.
bool Remove(const std::string& path) { return access(path.c_str(), F_OK) != 0 || rmdir(path.c_str()) == 0 || errno == ENOENT; }

}  // namespace

bool RemoveCgroups(const std::string& name) {
  if (access((std::string(kRoot) + "/cgroup.controllers").c_str(), F_OK) == 0) return Remove(std::string(kRoot) + "/" + name);
  std::unique_ptr<DIR, int (*)(DIR*)> hierarchies(opendir(kRoot), closedir);
  if (!hierarchies) return false;
  bool removed = true;
  while (dirent* entry = readdir(hierarchies.get()))
    if (entry->d_name[0] != '.' && !Remove(std::string(kRoot) + "/" + entry->d_name + "/" + name)) removed = false;
  return removed;
}

}  // namespace dockerlite
