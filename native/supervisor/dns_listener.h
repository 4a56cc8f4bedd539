// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "supervisor/event_loop.h"
#include "sys/result.h"

namespace dockerlite {

// Takes a container's questions to 127.0.0.11:53, by UDP and TCP, and gives it the answers. Port 53 stays free, also of all
// addresses at once: the sockets have others, and rules of nftables in the container's namespace lead to them.
class DnsListener : public Watcher {
 public:
  // Whom an answer goes to. Who has gone meanwhile does not get it.
  struct Client {
    sockaddr_in address{};
    uint64_t connection = 0;  // 0: by UDP
    bool tcp() const { return connection != 0; }
  };
  using Handler = std::function<void(std::string query, const Client& client)>;

  DnsListener(EventLoop& loop, Handler handler) : loop_(loop), handler_(std::move(handler)) {}
  ~DnsListener() override;
  // In the container's network namespace.
  Status Listen();
  void Send(const Client& client, const std::string& answer);
  void OnReady(int fd, uint32_t events) override;

 private:
  struct Connection {
    UniqueFd fd;
    uint64_t id = 0;
    std::string in, out;
    size_t waiting = 0;   // for answers
    bool ended = false;   // it will ask no more
    bool over = false;
  };
  void ReadDatagram();
  void Accept();
  void ReadStream(Connection& connection);
  void WriteStream(Connection& connection);
  void WatchStream(Connection& connection);
  void Sweep();

  EventLoop& loop_;
  Handler handler_;
  UniqueFd datagrams_, streams_;
  std::vector<std::unique_ptr<Connection>> connections_;  // the oldest first
  uint64_t next_ = 1;
};

}  // namespace dockerlite
