// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "net/message_writer.h"
#include "sys/result.h"

namespace dockerlite::netlink {

// Sends messages to the kernel on a socket of their own and returns the first error it answered. It has done the work
// when this returns.
Status Transact(int bus, std::string_view messages, const char* what);

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
