// SPDX-License-Identifier: Apache-2.0
#include "net/raw_socket.h"

#include <sys/socket.h>

namespace dockerlite::netlink {
namespace {

template <typename Visit>
Status ReadAnswers(int socket, const char* what, Visit visit) {
  char buffer[32768];  // what a dump comes in
  Status status = Nothing{};
  for (;;) {
    // The kernel has queued its answers by the time sendto(2) returns, and the next part of a dump when recv(2) does.
    ssize_t length = recv(socket, buffer, sizeof buffer, MSG_DONTWAIT);
    if (length < 0 && errno == EINTR) continue;
    if (length <= 0) return status;
    ForEachMessage({buffer, static_cast<size_t>(length)}, [&](const nlmsghdr& header, std::string_view message) {
      int error = 0;
      if (header.nlmsg_type >= NLMSG_MIN_TYPE) visit(message);
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

namespace {

Status Send(int socket, std::string_view messages, const char* what) {
  int size = static_cast<int>(messages.size()) * 2;
  if (size > (1 << 16)) setsockopt(socket, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  ssize_t sent = sendto(socket, messages.data(), messages.size(), MSG_NOSIGNAL, reinterpret_cast<sockaddr*>(&kernel), sizeof kernel);
  return sent < 0 ? Status(Error::last(what)) : Status(Nothing{});
}

}  // namespace

Status Transact(int socket, std::string_view messages, const char* what) {
  if (Status sent = Send(socket, messages, what); !sent) return sent;
  return ReadAnswers(socket, what, [](std::string_view) {});
}

Status Query(int socket, std::string_view request, const char* what, const std::function<void(std::string_view message)>& visit) {
  if (Status sent = Send(socket, request, what); !sent) return sent;
  return ReadAnswers(socket, what, visit);
}

Status TransactOnce(int bus, std::string_view messages, const char* what) {
  Result<UniqueFd> socket = Open(bus, what);
  return socket ? Transact(socket.value().get(), messages, what) : Status(socket.error());
}

}  // namespace dockerlite::netlink
