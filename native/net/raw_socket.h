// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>

#include "net/message_writer.h"
#include "sys/result.h"
#include "sys/unique_fd.h"

namespace dockerlite::netlink {

Result<UniqueFd> Open(int bus, const char* what);
// Sends messages to the kernel and returns the first error it answered. It has done the work when this returns.
Status Transact(int socket, std::string_view messages, const char* what);
// Sends one request and hands what the kernel answers to `visit`, message by message.
Status Query(int socket, std::string_view request, const char* what, const std::function<void(std::string_view message)>& visit);
// A transaction on a socket of its own.
Status TransactOnce(int bus, std::string_view messages, const char* what);

// Calls `visit` with each message of `bytes`; stops when it returns false.
template <typename Visit>
void ForEachMessage(std::string_view bytes, Visit visit) {
  for (size_t at = 0; at + sizeof(nlmsghdr) <= bytes.size();) {
    nlmsghdr header;
    memcpy(&header, bytes.data() + at, sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > bytes.size() - at) return;
    if (!visit(header, bytes.substr(at, header.nlmsg_len))) return;
    at += NLMSG_ALIGN(header.nlmsg_len);
  }
}

}  // namespace dockerlite::netlink
