// SPDX-License-Identifier: Apache-2.0
#include "net/host_port.h"

#include <netinet/in.h>

#include <cstring>

#include "net/address.h"

namespace dockerlite {
namespace {

constexpr const char* kBind = "failed to bind host port";

}  // namespace

std::optional<HostPort> ParseHostPort(const std::string& protocol, const std::string& address, unsigned long port) {
  HostPort result;
  result.protocol = IPPROTO_TCP;
  if (protocol == "udp") {
    result.type = SOCK_DGRAM;
    result.protocol = IPPROTO_UDP;
  } else if (protocol == "sctp") {
    result.protocol = IPPROTO_SCTP;
  } else if (protocol != "tcp") {
    return std::nullopt;
  }
  std::optional<Address> host = ParseAddress(address);
  if (!host || port == 0 || port > 65535) return std::nullopt;
  const in_port_t number = htons(static_cast<uint16_t>(port));
  if (host->family == AF_INET) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = number;
    memcpy(&in.sin_addr, host->bytes, 4);
    memcpy(&result.address, &in, result.length = sizeof in);
  } else {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = number;
    memcpy(&in.sin6_addr, host->bytes, 16);
    memcpy(&result.address, &in, result.length = sizeof in);
  }
  return result;
}

Result<UniqueFd> BindHostPort(const HostPort& port, const std::string& shown) {
  UniqueFd socket(::socket(port.address.ss_family, port.type | SOCK_CLOEXEC, port.protocol));
  // A kernel without SCTP has nobody who could listen there.
  if (!socket && port.protocol == IPPROTO_SCTP) return UniqueFd();
  if (!socket) return Error::last(kBind, shown);
  const int on = 1;
  // As servers do: connections of the past are no reason to refuse.
  if (port.type == SOCK_STREAM) setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (port.address.ss_family == AF_INET6) setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  int error = bind(socket.get(), reinterpret_cast<const sockaddr*>(&port.address), port.length) == 0 ? 0 : errno;
  // Only one that listens keeps others away.
  if (error == 0 && port.type == SOCK_STREAM && listen(socket.get(), 0) != 0) error = errno;
  if (error == EADDRINUSE) return Error{error, kBind, shown, "address already in use"};
  if (error == EADDRNOTAVAIL) return Error{error, kBind, shown, "cannot assign requested address"};
  if (error != 0) return Error{error, kBind, shown, {}};
  return socket;
}

}  // namespace dockerlite
