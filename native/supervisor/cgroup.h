// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "sys/unique_fd.h"

namespace dockerlite {

// One control group a process is in, as a directory of this mount namespace.
struct Cgroup {
  bool unified = false;
  bool freezer = false;
  std::string path;
};

// All groups of a process, one per mounted hierarchy.
std::vector<Cgroup> CgroupsOf(pid_t pid);

// Freezes or thaws; returns an errno value, 0 when it is done.
int SetFrozen(const std::vector<Cgroup>& groups, bool frozen);
bool IsFrozen(const std::vector<Cgroup>& groups);

}  // namespace dockerlite
