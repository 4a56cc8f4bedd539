// SPDX-License-Identifier: Apache-2.0
#include "net/raw_socket.h"

#include <sys/socket.h>

namespace dockerlite::netlink {
namespace {

Status ReadErrors(int socket, const char* what) {
  char buffer[8192];
  Status status = Nothing{};
  for (;;) {
    // The kernel has queued its answers by the time sendto(2) returns.
    ssize_t length = recv(socket, buffer, sizeof buffer, MSG_DONTWAIT);
    if (length < 0 && errno == EINTR) continue;
    if (length <= 0) return status;
    ForEachMessage({buffer, static_cast<size_t>(length)}, [&](const nlmsghdr& header, std::string_view message) {
      int error = 0;
      if (header.nlmsg_type != NLMSG_ERROR || message.size() < sizeof header + sizeof error) return true;
      memcpy(&error, message.data() + sizeof header, sizeof error);
      if (error != 0 && status) status = Error{-error, what, {}, {}};
      return true;
    });
  }
}

}  // namespace

Result<UniqueFd> Open(int bus, const char* what) {
  UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, bus));
  if (!socket) return Error::last(what);
  return socket;
}

Status Transact(int socket, std::string_view messages, const char* what) {
  int size = static_cast<int>(messages.size()) * 2;
  if (size > (1 << 16)) setsockopt(socket, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  ssize_t sent = sendto(socket, messages.data(), messages.size(), MSG_NOSIGNAL, reinterpret_cast<sockaddr*>(&kernel), sizeof kernel);
  if (sent < 0) return Error::last(what);
  return ReadErrors(socket, what);
}

Status TransactOnce(int bus, std::string_view messages, const char* what) {
  Result<UniqueFd> socket = Open(bus, what);
  return socket ? Transact(socket.value().get(), messages, what) : Status(socket.error());
}

}  // namespace dockerlite::netlink
