// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "supervisor/cgroup_remains.h"
#include "supervisor/supervisor.h"

namespace dockerlite {

// Serves clients until it is time; false when the user stopped the container in the meantime.
bool Supervisor::AwaitRestart() {
  bool due = false;
  Timer timer(loop_, [&] { due = true; });
  timer.Arm(*restartDelay_);
  while (!due && !policy_.cancelled()) Turn();
  if (!policy_.cancelled()) return true;
  restartDelay_.reset();
  if (stopping_) events_.Record("stop");
  network_.Release();
  WriteExitRecord(init_->status(), "");
  ReportExit(*init_);  // to those who came since it ended
  network_.RemoveLinks();
  return false;
}

// A new init with nothing of the last one's: whoever was attached to that is done when it has taken the rest.
Status Supervisor::PrepareAgain() {
  unlink(runDir_->file("lxc.log").c_str());
  // What liblxc could not remove; the next run's group would be called otherwise, and only that is looked for at the end.
  RemoveCgroups(payloadGroup_);
  restartDelay_.reset();
  started_ = serving_ = over_ = oomKilled_ = paused_ = killed_ = false;
  execs_.push_back(std::move(init_));
  return PrepareInit();
}

// What `ps` and `inspect` want to know and the container's row does not say, for whoever looks.
Status Supervisor::WriteState() {
  if (!keepsState_) return Nothing{};
  const bool running = started_ && !over_;
  std::string text = "{\"pid\":" + std::to_string(running ? init_->pid() : 0) + ",\"startedAt\":\"" +
                     std::to_string(init_->startedAt()) + "\",\"restarting\":" + (restarting() ? "true" : "false") +
                     ",\"paused\":" + (paused_ ? "true" : "false") +
                     ",\"restartCount\":" + std::to_string(policy_.count());
  if (restarting()) {
    text += ",\"status\":" + std::to_string(init_->status()) + ",\"finishedAt\":\"" +
            std::to_string(init_->endedAt()) + "\",\"oomKilled\":" + (oomKilled_ ? "true" : "false");
  }
  if (health_) text += ",\"health\":" + health_->Json();
  // Without it the container's row is believed.
  return WriteAtomically(runDir_->file("state"), text + "}\n");
}

}  // namespace dockerlite
