// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <poll.h>

#include <cstdint>
#include <string>

#include "supervisor/event_loop.h"
#include "supervisor/frame_socket.h"
#include "supervisor/messages.h"
#include "supervisor/output_stream.h"

namespace dockerlite {

// One control connection.
class Client : public Watcher {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void OnFrame(Client& client, wire::Frame frame) = 0;
  };

  Client(EventLoop& loop, Owner& owner, UniqueFd fd, ClientId id)
      : loop_(loop), owner_(owner), socket_(std::move(fd)), id_(id) {
    dead_ = !loop_.Watch(socket_.fd(), EPOLLIN, this);
  }
  ~Client() override { loop_.Forget(socket_.fd()); }

  ClientId id() const { return id_; }
  bool dead() const { return dead_; }
  // Its other end is closed, by the process or its death; or it cannot be heard.
  bool gone() const {
    if (dead_) return true;
    pollfd item{socket_.fd(), POLLRDHUP, 0};
    return poll(&item, 1, 0) > 0;
  }
  bool pending() const { return !dead_ && socket_.pending(); }

  void Send(FrameType type, std::string body) {
    socket_.Queue(static_cast<uint16_t>(type), body);
    Flush();
    // One that never reads must not grow this process.
    if (socket_.pendingBytes() > kMaxPending) dead_ = true;
  }

  void OnReady(int, uint32_t events) override {
    if (events & EPOLLOUT) Flush();
    if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)) || dead_) return;
    auto state = socket_.Receive();
    while (auto frame = socket_.Next()) owner_.OnFrame(*this, std::move(*frame));
    if (state != wire::FrameSocket::State::kOpen || socket_.malformed()) dead_ = true;
  }

 private:
  static constexpr size_t kMaxPending = 1 << 20;

  void Flush() {
    if (socket_.Flush() != wire::FrameSocket::State::kOpen) dead_ = true;
    bool want = !dead_ && socket_.pending();
    if (want != writing_) loop_.Change(socket_.fd(), want ? EPOLLIN | EPOLLOUT : EPOLLIN);
    writing_ = want;
  }

  EventLoop& loop_;
  Owner& owner_;
  wire::FrameSocket socket_;
  ClientId id_;
  bool dead_ = false;
  bool writing_ = false;
};

}  // namespace dockerlite
