// SPDX-License-Identifier: Apache-2.0
#include "supervisor/frame_socket.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace dockerlite::wire {

FrameSocket::State FrameSocket::Receive() {
  char bytes[16384];
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * 2 * kMaxFds)];
  iovec part{bytes, sizeof bytes};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t n;
  do n = recvmsg(fd_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  while (n < 0 && errno == EINTR);
  if (n < 0) return errno == EAGAIN ? State::kOpen : State::kBroken;
  for (cmsghdr* item = CMSG_FIRSTHDR(&message); item; item = CMSG_NXTHDR(&message, item)) {
    if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_RIGHTS) continue;
    size_t count = (item->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
      int fd;
      memcpy(&fd, CMSG_DATA(item) + i * sizeof(int), sizeof fd);
      parser_.Feed(UniqueFd(fd));
    }
  }
  if (message.msg_flags & MSG_CTRUNC) return State::kBroken;
  if (n == 0) return State::kClosed;
  parser_.Feed(std::string_view(bytes, static_cast<size_t>(n)));
  return State::kOpen;
}

void FrameSocket::Queue(uint16_t type, std::string_view body, std::vector<UniqueFd> fds) {
  Outgoing item;
  item.bytes = EncodeHeader(type, body.size(), fds.size());
  item.bytes.append(body);
  item.fds = std::move(fds);
  pendingBytes_ += item.bytes.size();
  out_.push_back(std::move(item));
}

FrameSocket::State FrameSocket::Flush() {
  while (!out_.empty()) {
    Outgoing& item = out_.front();
    iovec part{item.bytes.data() + item.sent, item.bytes.size() - item.sent};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxFds)] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (!item.fds.empty()) {
      message.msg_control = control;
      message.msg_controllen = CMSG_SPACE(sizeof(int) * item.fds.size());
      cmsghdr* head = CMSG_FIRSTHDR(&message);
      head->cmsg_level = SOL_SOCKET;
      head->cmsg_type = SCM_RIGHTS;
      head->cmsg_len = CMSG_LEN(sizeof(int) * item.fds.size());
      for (size_t i = 0; i < item.fds.size(); i++) {
        int fd = item.fds[i].get();
        memcpy(CMSG_DATA(head) + i * sizeof(int), &fd, sizeof fd);
      }
    }
    ssize_t n = sendmsg(fd_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno == EAGAIN ? State::kOpen : State::kBroken;
    item.fds.clear();
    item.sent += static_cast<size_t>(n);
    pendingBytes_ -= static_cast<size_t>(n);
    if (item.sent == item.bytes.size()) out_.pop_front();
  }
  return State::kOpen;
}

}  // namespace dockerlite::wire
