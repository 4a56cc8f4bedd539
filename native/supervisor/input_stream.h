// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "supervisor/client_fd.h"
#include "supervisor/event_loop.h"
#include "supervisor/output_stream.h"

namespace dockerlite {

// Feeds a process's stdin from the clients attached to it.
class InputStream : public Watcher {
 public:
  // With `closeAtEnd` the end of one client's input ends the process's.
  InputStream(EventLoop& loop, UniqueFd target, bool closeAtEnd);
  ~InputStream() override;

  void Attach(ClientFd fd, ClientId client);
  void Detach(ClientId client);
  void OnReady(int fd, uint32_t events) override;

 private:
  struct Source {
    ClientFd fd;
    ClientId client;
    bool watched = false;
    bool file = false;  // epoll cannot watch it: always ready
    bool ended = false;
  };

  void Pull(Source& source);
  void Push();
  void Sweep();
  void Close();

  EventLoop& loop_;
  UniqueFd target_;
  bool closeAtEnd_;
  bool ending_ = false;
  bool broken_ = false;
  bool watchingTarget_ = false;
  std::string pending_;
  size_t sent_ = 0;
  std::vector<std::unique_ptr<Source>> sources_;
};

}  // namespace dockerlite
