// SPDX-License-Identifier: Apache-2.0
#include "supervisor/shim_link.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace dockerlite {

constexpr size_t kMaxMessage = 4096;

bool ShimLink::MakePair(UniqueFd& near, UniqueFd& far) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return false;
  near.reset(pair[0]);
  far.reset(pair[1]);
  int on = 1;
  return setsockopt(near.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0;
}

ShimLink::ShimLink(EventLoop& loop, UniqueFd fd, std::string_view payload, Listener* listener, bool hold)
    : loop_(loop), fd_(std::move(fd)), listener_(listener), held_(hold) {
  auto length = static_cast<uint32_t>(payload.size());
  out_.assign(reinterpret_cast<const char*>(&length), sizeof length);
  out_.append(payload);
  if (!held_) Send();
}

ShimLink::~ShimLink() {
  if (listening_) loop_.Forget(fd_.get());
}

bool ShimLink::Listen() {
  return listening_ = loop_.Watch(fd_.get(), out_.empty() || held_ ? EPOLLIN : EPOLLIN | EPOLLOUT, this);
}

void ShimLink::Release() {
  held_ = false;
  if (listening_) loop_.Change(fd_.get(), EPOLLIN | EPOLLOUT);
  Send();
}

void ShimLink::Send() {
  while (sent_ < out_.size()) {
    ssize_t n = send(fd_.get(), out_.data() + sent_, out_.size() - sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0 && errno != EPIPE && errno != ECONNRESET) Fail("send", errno);
    if (n < 0) break;  // gone; reading tells how
    sent_ += static_cast<size_t>(n);
  }
  std::string().swap(out_);
  sent_ = 0;
  if (listening_) loop_.Change(fd_.get(), EPOLLIN);
}

// Without its orders the shim ends.
void ShimLink::Fail(const char* call, int error) {
  failed_ = true;
  failure_ = {FailureKind::kEngine, static_cast<uint32_t>(error), std::string(call) + ": " + strerror(error)};
  shutdown(fd_.get(), SHUT_RDWR);
}

void ShimLink::OnReady(int, uint32_t events) {
  if (events & EPOLLOUT) Send();
  if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) Drain();
}

void ShimLink::Drain() {
  while (fd_ && Receive()) {
  }
}

bool ShimLink::Receive() {
  char bytes[1024];
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(ucred))];
  iovec part{bytes, sizeof bytes};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t n = recvmsg(fd_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return errno == EINTR;
  for (cmsghdr* item = n > 0 ? CMSG_FIRSTHDR(&message) : nullptr; item; item = CMSG_NXTHDR(&message, item)) {
    if (item->cmsg_level != SOL_SOCKET) continue;
    if (item->cmsg_type == SCM_RIGHTS) {
      int fd;
      memcpy(&fd, CMSG_DATA(item), sizeof fd);
      received_.reset(fd);
    } else if (item->cmsg_type == SCM_CREDENTIALS && bytes[0] == 'H') {
      ucred sender{};
      memcpy(&sender, CMSG_DATA(item), sizeof sender);
      if (sender.pid > 0) listener_->OnShimHello(sender.pid);
    }
  }
  if (n <= 0) {
    // What it was, one that ended before it had read its orders, shows when it is reaped.
    if (n < 0 && errno != ECONNRESET) Fail("recvmsg", errno);
    Finish();
    return false;
  }
  in_.append(bytes, static_cast<size_t>(n));
  Interpret();
  return true;
}

void ShimLink::Interpret() {
  while (in_.size() >= 5) {
    uint32_t length;
    memcpy(&length, in_.data() + 1, sizeof length);
    if (length > kMaxMessage) {  // not our shim any more
      in_.clear();
      shutdown(fd_.get(), SHUT_RDWR);
      return;
    }
    if (in_.size() - 5 < length) return;
    std::string message = in_.substr(0, 5 + length);
    in_.erase(0, 5 + length);
    Message(message[0], std::string_view(message).substr(5));
  }
}

void ShimLink::Message(char kind, std::string_view data) {
  if (kind == 'T' && received_) {
    listener_->OnShimTerminal(std::move(received_));
  } else if (kind == 'W') {
    listener_->OnShimWarning(std::string(data));
  } else if (kind == 'E' && data.size() >= 8) {
    uint32_t head[2];
    memcpy(head, data.data(), sizeof head);
    failed_ = true;
    failure_.kind = head[0] >= 1 && head[0] <= 5 ? static_cast<FailureKind>(head[0]) : FailureKind::kEngine;
    failure_.error = head[1];
    failure_.message = data.substr(8);
  }
}

void ShimLink::Finish() {
  if (listening_) loop_.Forget(fd_.get());
  listening_ = false;
  fd_.reset();
  std::string().swap(out_);
  std::string().swap(in_);
  listener_->OnShimGone(failed_, std::move(failure_));
}

}  // namespace dockerlite
