// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include <optional>
#include <string>

#include "sys/result.h"
#include "sys/unique_fd.h"

namespace dockerlite {

// A port of the host, as a socket's address.
struct HostPort {
  int type = SOCK_STREAM;
  int protocol = 0;
  sockaddr_storage address{};
  socklen_t length = 0;
};

// "tcp", "udp" or "sctp"; nullopt for anything else, and for what is no address or port.
std::optional<HostPort> ParseHostPort(const std::string& protocol, const std::string& address, unsigned long port);

// A socket that has the port; none where the kernel lacks the protocol, so that nobody can have it. `shown` names it in
// errors.
Result<UniqueFd> BindHostPort(const HostPort& port, const std::string& shown);

}  // namespace dockerlite
