// SPDX-License-Identifier: Apache-2.0
#include "net/nft_batch.h"

#include <arpa/inet.h>
#include <endian.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include "net/message_writer.h"
#include "net/raw_socket.h"

namespace dockerlite {
namespace {

constexpr const char* kWhat = "netlink(NFT_MSG_NEWSETELEM)";
constexpr uint16_t kSubsystem = NFNL_SUBSYS_NFTABLES << 8;

using netlink::Attribute;
using netlink::Message;
using netlink::Put;

constexpr uint16_t kNested = NLA_F_NESTED;

void PutFamily(std::string& out, uint8_t family, uint16_t resource = 0) {
  Put(out, nfgenmsg{family, NFNETLINK_V0, htons(resource)});
}

void PutText(std::string& out, uint16_t type, const std::string& text) {
  Attribute attribute(out, type, std::string_view(text.c_str(), text.size() + 1));
}

void PutData(std::string& out, uint16_t type, const std::string& bytes) {
  Attribute outer(out, type | kNested);
  Attribute value(out, NFTA_DATA_VALUE, bytes);
}

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

Status SendBatch(std::string_view batch) { return netlink::Transact(NETLINK_NETFILTER, batch, kWhat); }

void SendLeniently(std::string_view batch) {
  if (SendBatch(batch)) return;
  netlink::ForEachMessage(batch, [](const nlmsghdr& header, std::string_view message) {
    if (header.nlmsg_type >> 8 == NFNL_SUBSYS_NFTABLES) SendBatch(FinishBatch(message));
    return true;
  });
}

}  // namespace dockerlite
