// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "supervisor/event_loop.h"

namespace dockerlite {

// Asks name servers, from the host's network: by UDP, or by TCP who has asked by TCP.
class DnsUpstream : public Watcher {
 public:
  using Answered = std::function<void(std::string answer)>;

  explicit DnsUpstream(EventLoop& loop) : loop_(loop) {}
  ~DnsUpstream() override;
  // `query`'s id is replaced by a random one, the answer has that of the query. `servers` empty: the host's. False when nobody can be
  // asked; of a question that nobody answers nothing is heard: who asked asks again, by then another server.
  bool Ask(std::string query, bool tcp, const std::vector<std::string>& servers, Answered answered);
  void OnReady(int fd, uint32_t events) override;

 private:
  struct Pending {
    UniqueFd fd;
    bool tcp = false;
    uint16_t id = 0, ours = 0;  // the client's, and what we sent
    std::string out, in;        // of TCP
    int64_t deadline = 0;
    Answered answered;
  };
  enum class Progress { kWaiting, kFailed, kAnswered };
  Progress Receive(Pending& pending);
  Progress Exchange(Pending& pending, uint32_t events);
  void Expire();

  EventLoop& loop_;
  std::vector<std::unique_ptr<Pending>> pending_;
  size_t server_ = 0;  // which of them answered last
};

}  // namespace dockerlite
