// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <vector>

#include "supervisor/frame.h"
#include "sys/unique_fd.h"

namespace dockerlite::wire {

// One end of a connection: a non-blocking stream socket, what was read of the next frame and what is still to be
// written. Used by the supervisor and, inside Node, by its client; knows nothing of either's event loop.
class FrameSocket {
 public:
  enum class State { kOpen, kClosed, kBroken };

  explicit FrameSocket(UniqueFd fd) : fd_(std::move(fd)) {}

  int fd() const { return fd_.get(); }
  // Reads once; call Next() until it is empty, then look at the state.
  State Receive();
  std::optional<Frame> Next() { return parser_.Next(); }
  bool malformed() const { return parser_.failed(); }

  void Queue(uint16_t type, std::string_view body, std::vector<UniqueFd> fds = {});
  // Writes what the socket takes now.
  State Flush();
  bool pending() const { return !out_.empty(); }
  size_t pendingBytes() const { return pendingBytes_; }
  // Descriptors of what was never sent go too: whoever waits at their other ends hears of it now.
  void Close() {
    fd_.reset();
    out_.clear();
    pendingBytes_ = 0;
  }

 private:
  struct Outgoing {
    std::string bytes;
    size_t sent = 0;
    std::vector<UniqueFd> fds;
  };

  UniqueFd fd_;
  FrameParser parser_;
  std::list<Outgoing> out_;
  size_t pendingBytes_ = 0;
};

}  // namespace dockerlite::wire
