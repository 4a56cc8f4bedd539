// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <libmnl/libmnl.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sys/result.h"

namespace dockerlite {

// One request being built; grows no further than its fixed buffer, which every request of this folder fits by far.
class NetlinkMessage {
 public:
  NetlinkMessage(uint16_t type, uint16_t flags);
  nlmsghdr* header() { return header_; }
  // Room for the family's own header (ifinfomsg, ifaddrmsg, ...), zeroed.
  template <typename T>
  T* extra() {
    return static_cast<T*>(mnl_nlmsg_put_extra_header(header_, sizeof(T)));
  }

 private:
  alignas(NLMSG_ALIGNTO) char buffer_[2048] = {};
  nlmsghdr* header_;
};

// A netlink socket; each request is sent and answered before the call returns.
class Netlink {
 public:
  using Handler = std::function<void(const nlmsghdr*)>;

  static Result<Netlink> Open(int bus);

  // Sends `message` and hands every answer but the final acknowledgement to `handler`. `what` and `path` name the
  // request in errors, whose text is the kernel's own where it gives one.
  Status Call(NetlinkMessage& message, const char* what, const std::string& path = {}, const Handler& handler = {});

 private:
  struct Close {
    void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
  };
  explicit Netlink(mnl_socket* socket);

  std::unique_ptr<mnl_socket, Close> socket_;
  std::vector<char> buffer_;
  uint32_t sequence_ = 0;
};

// libmnl's mnl_attr_for_each macros rely on C's conversions from void*; these are the same loops.
template <typename Visit>
void ForEachAttribute(const nlmsghdr* header, size_t offset, Visit visit) {
  const auto* attribute = static_cast<const nlattr*>(mnl_nlmsg_get_payload_offset(header, offset));
  const auto* tail = static_cast<const char*>(mnl_nlmsg_get_payload_tail(header));
  while (mnl_attr_ok(attribute, static_cast<int>(tail - reinterpret_cast<const char*>(attribute)))) {
    visit(attribute);
    attribute = mnl_attr_next(attribute);
  }
}

template <typename Visit>
void ForEachNested(const nlattr* nest, Visit visit) {
  const auto* attribute = static_cast<const nlattr*>(mnl_attr_get_payload(nest));
  const char* tail = reinterpret_cast<const char*>(attribute) + mnl_attr_get_payload_len(nest);
  while (mnl_attr_ok(attribute, static_cast<int>(tail - reinterpret_cast<const char*>(attribute)))) {
    visit(attribute);
    attribute = mnl_attr_next(attribute);
  }
}

// The text of a string attribute, whether or not it ends in a NUL.
inline std::string AttributeText(const nlattr* attribute) {
  std::string text(static_cast<const char*>(mnl_attr_get_payload(attribute)), mnl_attr_get_payload_len(attribute));
  return text.substr(0, text.find('\0'));
}

}  // namespace dockerlite
