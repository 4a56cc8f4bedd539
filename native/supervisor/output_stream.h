// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/client_fd.h"
#include "supervisor/event_loop.h"
#include "supervisor/json_log.h"
#include "supervisor/output_capture.h"

namespace dockerlite {

using ClientId = uint64_t;

// Passes what a process writes to its log and to every attached client. A client that does not read holds the
// process up, as a full pipe would.
class OutputStream : public Watcher {
 public:
  // `log` and `capture` may be null.
  OutputStream(EventLoop& loop, UniqueFd source, JsonLog* log, LogStream which, OutputCapture* capture);
  ~OutputStream() override;

  void Attach(ClientFd fd, ClientId client);
  void Detach(ClientId client);
  // The process is gone: takes what it left, however full the clients' queues are. With `hold` the pipe stays open for
  // those it left behind, whose output goes to the log only.
  void Finish(bool hold);
  bool attached(ClientId client) const;
  bool idle() const { return sinks_.empty(); }
  // Finished, but somebody else may still write to it.
  bool holding() const { return finished_ && source_; }

  void OnReady(int fd, uint32_t events) override;

 private:
  struct Sink {
    ClientFd fd;
    ClientId client;
    std::string queue;
    bool watched = false;
    bool dead = false;
  };

  bool ReadOnce();
  void Deliver(std::string_view data);
  void Push(Sink& sink);
  void Sweep();
  void Listen(bool on);
  void EndSource();

  EventLoop& loop_;
  UniqueFd source_;
  JsonLog* log_;
  LogStream which_;
  OutputCapture* capture_;
  bool listening_ = false;
  bool finished_ = false;
  std::vector<std::unique_ptr<Sink>> sinks_;
};

}  // namespace dockerlite
