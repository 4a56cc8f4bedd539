// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "supervisor/idmap.h"
#include "supervisor/process.h"

namespace dockerlite {

// What is needed to put a process beside the container's init, taken once when init started.
struct Container {
  pid_t init = 0;
  int initPidfd = -1;      // -1: nothing can be put there
  UniqueFd shim;           // the host's init shim
  UniqueFd shimMount;      // the same in a read-only mount of its own: what execs run, and cannot write to
  UniqueFd ownPids;        // this process's own pid namespace
  uint64_t bounding = 0;   // capability bounding set of init
  Idmap ids;               // of its user namespace
  std::string label;       // AppArmor profile, empty when unconfined or without AppArmor
};

Status Inspect(pid_t init, int initPidfd, Container& out);

struct Entered {
  pid_t pid;
  UniqueFd pidfd;
};

// Forks a child of this process into the container's namespaces and control groups; there it executes the shim.
//
// liblxc's attach() does the same with two forks more, a dozen questions to the monitor (which is this very thread) and
// a migration of a foreign pid into every hierarchy, each of which waits for RCU. A child that writes "0" to `tasks`
// moves only itself and waits for nothing.
Result<Entered> Enter(Container& container, ChildStdio child);

// For whoever asked for it.
std::string Explain(const Error& error);

}  // namespace dockerlite
