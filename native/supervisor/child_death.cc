// SPDX-License-Identifier: Apache-2.0
#include "supervisor/child_death.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "supervisor/pidfd.h"
#include "sys/unique_fd.h"

namespace dockerlite {
namespace {

UniqueFd g_parent;

}  // namespace

void BeginDyingTogether() { g_parent.reset(PidfdOpen(getpid())); }

void EndDyingTogether() { g_parent.reset(); }

// A child that has died keeps its number until it is reaped, which only this thread does.
void EndChildren() {
  std::unique_ptr<FILE, int (*)(FILE*)> children(fopen("/proc/thread-self/children", "re"), fclose);
  for (int pid; children && fscanf(children.get(), "%d", &pid) == 1;) kill(pid, SIGKILL);
}

// It may have died before the wish was known; in a pid namespace of one's own getppid(2) tells nothing.
void DieWithParent() {
  if (!g_parent) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  pollfd dead{g_parent.get(), POLLIN, 0};
  if (poll(&dead, 1, 0) > 0) _exit(1);
  g_parent.reset();
}

}  // namespace dockerlite
