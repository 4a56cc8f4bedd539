// SPDX-License-Identifier: Apache-2.0
#include "supervisor/supervisor.h"

namespace dockerlite {

void Supervisor::StartProbe() {
  const std::string payload = ExecPayload(health_->orders().payload, false);
  ProcessOptions options;
  options.id = "health-check";
  options.payload = payload;
  options.capture = true;
  options.owner = StreamOwner();
  if (Status started = StartExec(std::make_unique<Process>(loop_, *this, std::move(options))); !started) {
    return health_->ProbeEnded(-1, Explain(started.error()));
  }
  probe_ = execs_.back().get();
}

void Supervisor::KillProbe() {
  if (probe_) probe_->KillGroup();
}

void Supervisor::DropProbe() {
  KillProbe();
  probe_ = nullptr;
}

// False when `process` is not a probe. One that was dropped ends unheard.
bool Supervisor::EndProbe(Process& process, int exitCode, const std::string& error) {
  if (&process != probe_) return process.capturing();
  probe_ = nullptr;
  health_->ProbeEnded(exitCode, error.empty() ? process.captured() : error);
  return true;
}

void Supervisor::OnHealth(bool statusChanged) {
  WriteState();
  if (statusChanged) events_.Record(std::string("health_status: ") + health_->status());
}

}  // namespace dockerlite
