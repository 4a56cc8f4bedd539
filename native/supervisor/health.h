// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "supervisor/timer.h"

namespace dockerlite {

// Times in nanoseconds.
struct HealthOrders {
  std::string payload;  // of the probe; empty: there is none
  int64_t interval = 0, timeout = 0, startPeriod = 0, startInterval = 0;
  uint32_t retries = 0;
  std::string timeoutMessage;
};

// Asks a container now and then how it is: Docker's HEALTHCHECK. Its owner runs the probes, one at a time.
class Health {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    // What comes of it is told by ProbeEnded, perhaps at once.
    virtual void StartProbe() = 0;
    // Kills it; ProbeEnded comes all the same.
    virtual void KillProbe() = 0;
    // Kills it, and nobody wants to know how it ends.
    virtual void DropProbe() = 0;
    // Something of Json() is different, and perhaps the status.
    virtual void OnHealth(bool statusChanged) = 0;
  };

  Health(EventLoop& loop, Owner& owner, HealthOrders orders);

  // The container has started.
  void Begin();
  // It has ended.
  void End();
  void Pause();
  void Resume();
  // `exitCode` -1: it could not be started, and `output` says why.
  void ProbeEnded(int exitCode, std::string_view output);

  const HealthOrders& orders() const { return orders_; }
  const char* status() const { return status_; }
  // As Docker's inspect has it.
  std::string Json() const;

 private:
  struct Result {
    int64_t start, end;
    int exitCode;
    std::string output;
  };

  void OnTimer();
  void ArmInterval();
  void StopProbing();
  bool InStartPeriod(int64_t time) const;
  bool Judge(int exitCode);

  Owner& owner_;
  HealthOrders orders_;
  Timer timer_;
  const char* status_;
  uint32_t failingStreak_ = 0;
  std::deque<Result> log_;
  int64_t begun_ = 0, probeBegun_ = 0;  // on the monotonic clock
  int64_t probeStart_ = 0;
  bool probing_ = false;
  bool timedOut_ = false;
};

}  // namespace dockerlite
