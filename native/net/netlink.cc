// SPDX-License-Identifier: Apache-2.0
#include "net/netlink.h"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <optional>

namespace dockerlite {
namespace {

constexpr size_t kBufferSize = 64 * 1024;  // a link with many virtual functions outgrows libmnl's usual 8 KiB

// The kernel's own explanation (NLMSGERR_ATTR_MSG) of a refused request. Absent with NETLINK_CAP_ACK off or old kernels.
std::string ExtendedMessage(const nlmsghdr* header) {
  if (!(header->nlmsg_flags & NLM_F_ACK_TLVS)) return {};
  const auto* failure = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(header));
  size_t offset = sizeof(nlmsgerr);
  if (!(header->nlmsg_flags & NLM_F_CAPPED)) {
    if (failure->msg.nlmsg_len < sizeof(nlmsghdr)) return {};
    offset += failure->msg.nlmsg_len - sizeof(nlmsghdr);
  }
  if (offset > mnl_nlmsg_get_payload_len(header)) return {};
  std::string text;
  ForEachAttribute(header, MNL_ALIGN(offset), [&](const nlattr* attribute) {
    if (mnl_attr_get_type(attribute) == NLMSGERR_ATTR_MSG) text = AttributeText(attribute);
  });
  return text;
}

struct Outcome {
  int code = 0;  // errno, 0 when the request was done
  std::string message;
};

// Walks the messages of one datagram; an outcome once the last one is there.
std::optional<Outcome> Walk(const char* data, int length, uint32_t sequence, bool dump, bool& interrupted,
                            const Netlink::Handler& handler) {
  const auto* header = reinterpret_cast<const nlmsghdr*>(data);
  for (; mnl_nlmsg_ok(header, length); header = mnl_nlmsg_next(header, &length)) {
    if (header->nlmsg_seq != sequence) continue;
    if (header->nlmsg_flags & NLM_F_DUMP_INTR) interrupted = true;
    if (header->nlmsg_type == NLMSG_ERROR) {
      if (mnl_nlmsg_get_payload_len(header) < sizeof(nlmsgerr)) return Outcome{EBADMSG, {}};
      const auto* failure = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(header));
      if (failure->error == 0) return Outcome{};
      return Outcome{failure->error < 0 ? -failure->error : failure->error, ExtendedMessage(header)};
    }
    if (header->nlmsg_type == NLMSG_DONE && dump) return Outcome{};
    if (header->nlmsg_type >= NLMSG_MIN_TYPE && handler) handler(header);
  }
  return std::nullopt;
}

}  // namespace

NetlinkMessage::NetlinkMessage(uint16_t type, uint16_t flags) : header_(mnl_nlmsg_put_header(buffer_)) {
  header_->nlmsg_type = type;
  header_->nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
}

Netlink::Netlink(mnl_socket* socket) : socket_(socket), buffer_(kBufferSize) {}

Result<Netlink> Netlink::Open(int bus) {
  mnl_socket* socket = mnl_socket_open2(bus, SOCK_CLOEXEC);
  if (socket == nullptr) return Error::last("socket(AF_NETLINK)");
  Netlink netlink(socket);
  if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0) return Error::last("bind(AF_NETLINK)");
  // Wording only; an old kernel without them still answers with a number.
  int on = 1;
  (void)mnl_socket_setsockopt(socket, NETLINK_EXT_ACK, &on, sizeof(on));
  (void)mnl_socket_setsockopt(socket, NETLINK_CAP_ACK, &on, sizeof(on));
  return netlink;
}

Status Netlink::Call(NetlinkMessage& message, const char* what, const std::string& path, const Handler& handler) {
  nlmsghdr* header = message.header();
  const bool dump = (header->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
  if (!dump) header->nlmsg_flags |= NLM_F_ACK;
  header->nlmsg_seq = ++sequence_;
  if (mnl_socket_sendto(socket_.get(), header, header->nlmsg_len) < 0) return Error::last(what, path);

  bool interrupted = false;
  for (;;) {
    ssize_t length = mnl_socket_recvfrom(socket_.get(), buffer_.data(), buffer_.size());
    if (length < 0) {
      if (errno == EINTR) continue;
      return Error::last(what, path);
    }
    auto outcome = Walk(buffer_.data(), static_cast<int>(length), sequence_, dump, interrupted, handler);
    if (!outcome) continue;
    if (outcome->code != 0) return Error{outcome->code, what, path, outcome->message};
    // The list changed while it was read: the caller starts over rather than act on half of it.
    if (interrupted) return Error{EAGAIN, what, path, {}};
    return Nothing{};
  }
}

}  // namespace dockerlite
