// SPDX-License-Identifier: Apache-2.0
#include "supervisor/health.h"

#include "supervisor/json_log.h"
#include "sys/clock.h"

namespace dockerlite {
namespace {

constexpr char kStarting[] = "starting";
constexpr char kHealthy[] = "healthy";
constexpr char kUnhealthy[] = "unhealthy";
constexpr size_t kLogLength = 5;

}  // namespace

Health::Health(EventLoop& loop, Owner& owner, HealthOrders orders)
    : owner_(owner), orders_(std::move(orders)), timer_(loop, [this] { OnTimer(); }), status_(kStarting) {}

void Health::Begin() {
  status_ = kStarting;
  failingStreak_ = 0;
  begun_ = MonotonicNs();
  ArmInterval();
}

// As Docker leaves it when nobody looks any more.
void Health::End() {
  StopProbing();
  status_ = kUnhealthy;
}

void Health::Pause() { StopProbing(); }

void Health::Resume() { ArmInterval(); }

void Health::StopProbing() {
  timer_.Disarm();
  if (probing_) owner_.DropProbe();
  probing_ = timedOut_ = false;
}

bool Health::InStartPeriod(int64_t time) const { return status_ == kStarting && time - begun_ < orders_.startPeriod; }

void Health::ArmInterval() { timer_.Arm(InStartPeriod(MonotonicNs()) ? orders_.startInterval : orders_.interval); }

void Health::OnTimer() {
  if (probing_) {
    timedOut_ = true;
    return owner_.KillProbe();
  }
  probing_ = true;
  probeBegun_ = MonotonicNs();
  probeStart_ = NowNs();
  timer_.Arm(orders_.timeout);
  owner_.StartProbe();
}

void Health::ProbeEnded(int exitCode, std::string_view output) {
  Result result{probeStart_, NowNs(), exitCode, std::string(output)};
  if (timedOut_) {
    result.exitCode = -1;
    result.output = orders_.timeoutMessage;
    if (!output.empty()) result.output.append(": ").append(output);
  }
  probing_ = timedOut_ = false;
  if (log_.size() >= kLogLength) log_.pop_front();
  const bool changed = Judge(result.exitCode);
  log_.push_back(std::move(result));
  owner_.OnHealth(changed);
  ArmInterval();
}

// Whether the status is another one now.
bool Health::Judge(int exitCode) {
  const char* before = status_;
  if (exitCode == 0) {
    failingStreak_ = 0;
    status_ = kHealthy;
  } else if (!InStartPeriod(probeBegun_)) {
    if (++failingStreak_ >= orders_.retries) status_ = kUnhealthy;
  }
  return status_ != before;
}

std::string Health::Json() const {
  std::string text = "{\"Status\":\"" + std::string(status_) + "\",\"FailingStreak\":" + std::to_string(failingStreak_) + ",\"Log\":[";
  for (auto& result : log_) {
    if (&result != &log_.front()) text += ',';
    text += "{\"Start\":\"" + FormatTime(result.start) + "\",\"End\":\"" + FormatTime(result.end) +
            "\",\"ExitCode\":" + std::to_string(result.exitCode) + ",\"Output\":\"";
    AppendJson(text, result.output);
    text += "\"}";
  }
  return text + "]}";
}

}  // namespace dockerlite
