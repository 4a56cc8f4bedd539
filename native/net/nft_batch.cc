// SPDX-License-Identifier: Apache-2.0
#include "net/nft_batch.h"

#include <arpa/inet.h>
#include <endian.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <mutex>
#include <utility>

#include "net/nft_message.h"
#include "net/raw_socket.h"

namespace dockerlite {
namespace {

constexpr const char* kWhat = "netlink(NFT_MSG_NEWSETELEM)";

using netlink::Attribute;
using netlink::Message;
using netlink::Put;
using namespace nft;

void PutElement(std::string& out, uint16_t type, uint16_t flags, const NftElement& element) {
  Message message(out, kSubsystem | type, flags);
  PutFamily(out, element.family);
  PutText(out, NFTA_SET_ELEM_LIST_TABLE, element.table);
  PutText(out, NFTA_SET_ELEM_LIST_SET, element.set);
  Attribute list(out, NFTA_SET_ELEM_LIST_ELEMENTS | kNested);
  Attribute item(out, NFTA_LIST_ELEM | kNested);
  PutData(out, NFTA_SET_ELEM_KEY, element.key);
  if (!element.keyEnd.empty()) PutData(out, NFTA_SET_ELEM_KEY_END, element.keyEnd);
  if (!element.data.empty() && type == NFT_MSG_NEWSETELEM) PutData(out, NFTA_SET_ELEM_DATA, element.data);
  if (element.timeoutMs != 0 && type == NFT_MSG_NEWSETELEM) {
    Attribute timeout(out, NFTA_SET_ELEM_TIMEOUT);
    Put(out, htobe64(element.timeoutMs));
  }
}

void PutMark(std::string& out, uint16_t type) {
  Message message(out, type, 0);
  PutFamily(out, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
}

// Closing a socket of netfilter waits until the kernel has taken apart whatever anybody deleted, some milliseconds, with a
// lock held that every transaction and every new link needs (nft_rcv_nl_event() of nf_tables_api.c): they are kept.
class KeptSockets {
 public:
  static KeptSockets& Of() {
    static KeptSockets* const sockets = new KeptSockets();  // until the process ends
    return *sockets;
  }

  Result<UniqueFd> Take() {
    std::lock_guard lock(mutex_);
    if (free_.empty()) return netlink::Open(NETLINK_NETFILTER, kWhat);
    UniqueFd socket = std::move(free_.back());
    free_.pop_back();
    return socket;
  }

  void Keep(UniqueFd socket) {
    std::lock_guard lock(mutex_);
    free_.push_back(std::move(socket));
  }

 private:
  std::mutex mutex_;
  std::vector<UniqueFd> free_;
};

UniqueFd g_shared;

template <typename Visit>
void ForEachElementMessage(std::string_view batch, Visit visit) {
  netlink::ForEachMessage(batch, [&](const nlmsghdr& header, std::string_view message) {
    if (header.nlmsg_type >> 8 == NFNL_SUBSYS_NFTABLES) visit(FinishBatch(message));
    return true;
  });
}

}  // namespace

void AppendElements(std::string& batch, NftOp op, const std::vector<NftElement>& elements) {
  const uint16_t type = op == NftOp::kDelete ? NFT_MSG_DELSETELEM : NFT_MSG_NEWSETELEM;
  const uint16_t flags = op == NftOp::kDelete ? 0 : op == NftOp::kAdd ? NLM_F_CREATE : NLM_F_CREATE | NLM_F_EXCL;
  for (const NftElement& element : elements) PutElement(batch, type, flags, element);
}

std::string FinishBatch(std::string_view messages) {
  std::string batch;
  PutMark(batch, NFNL_MSG_BATCH_BEGIN);
  batch.append(messages);
  PutMark(batch, NFNL_MSG_BATCH_END);
  return batch;
}

Status QueryNft(std::string_view request, const char* what, const std::function<void(std::string_view message)>& visit) {
  Result<UniqueFd> socket = KeptSockets::Of().Take();
  if (!socket) return socket.error();
  Status asked = netlink::Query(socket.value().get(), request, what, visit);
  KeptSockets::Of().Keep(std::move(socket.value()));
  return asked;
}

Status SendBatch(std::string_view batch) {
  Result<UniqueFd> socket = KeptSockets::Of().Take();
  if (!socket) return socket.error();
  Status sent = netlink::Transact(socket.value().get(), batch, kWhat);
  KeptSockets::Of().Keep(std::move(socket.value()));
  return sent;
}

void SendLeniently(std::string_view batch) {
  if (SendBatch(batch)) return;
  ForEachElementMessage(batch, SendBatch);
}

void OpenShared() {
  if (g_shared) return;
  if (Result<UniqueFd> socket = netlink::Open(NETLINK_NETFILTER, kWhat)) g_shared = std::move(socket.value());
}

void SendForgotten(std::string_view batch) {
  OpenShared();
  // Answers may be another supervisor's.
  if (g_shared) ForEachElementMessage(batch, [](std::string_view each) { netlink::Transact(g_shared.get(), each, kWhat); });
}

}  // namespace dockerlite
