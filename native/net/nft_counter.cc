// SPDX-License-Identifier: Apache-2.0
#include <endian.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <cstring>

#include "net/netlink.h"
#include "net/nft_batch.h"

namespace dockerlite {
namespace {

const nlattr* Find(const nlattr* nest, uint16_t type) {
  const nlattr* found = nullptr;
  ForEachNested(nest, [&](const nlattr* attribute) {
    if (mnl_attr_get_type(attribute) == type) found = attribute;
  });
  return found;
}

uint64_t Number(const nlattr* attribute) {
  return attribute != nullptr && mnl_attr_get_payload_len(attribute) == 8 ? be64toh(mnl_attr_get_u64(attribute)) : 0;
}

void ReadElement(const nlattr* element, NftCounter& counter) {
  const nlattr* expression = Find(element, NFTA_SET_ELEM_EXPR);
  const nlattr* data = expression == nullptr ? nullptr : Find(expression, NFTA_EXPR_DATA);
  if (data == nullptr) return;
  counter.packets = Number(Find(data, NFTA_COUNTER_PACKETS));
  counter.bytes = Number(Find(data, NFTA_COUNTER_BYTES));
}

}  // namespace

Result<NftCounter> ReadCounter(const NftElement& element) {
  auto netlink = Netlink::Open(NETLINK_NETFILTER);
  if (!netlink) return netlink.error();
  NetlinkMessage message((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETSETELEM, 0);
  auto* family = message.extra<nfgenmsg>();
  family->nfgen_family = element.family;
  family->version = NFNETLINK_V0;
  nlmsghdr* header = message.header();
  mnl_attr_put_strz(header, NFTA_SET_ELEM_LIST_TABLE, element.table.c_str());
  mnl_attr_put_strz(header, NFTA_SET_ELEM_LIST_SET, element.set.c_str());
  nlattr* list = mnl_attr_nest_start(header, NFTA_SET_ELEM_LIST_ELEMENTS);
  nlattr* item = mnl_attr_nest_start(header, NFTA_LIST_ELEM);
  nlattr* key = mnl_attr_nest_start(header, NFTA_SET_ELEM_KEY);
  mnl_attr_put(header, NFTA_DATA_VALUE, element.key.size(), element.key.data());
  mnl_attr_nest_end(header, key);
  mnl_attr_nest_end(header, item);
  mnl_attr_nest_end(header, list);
  NftCounter counter;
  auto done = netlink.value().Call(message, "netlink(NFT_MSG_GETSETELEM)", element.set, [&](const nlmsghdr* answer) {
    ForEachAttribute(answer, sizeof(nfgenmsg), [&](const nlattr* attribute) {
      if (mnl_attr_get_type(attribute) != NFTA_SET_ELEM_LIST_ELEMENTS) return;
      ForEachNested(attribute, [&](const nlattr* found) { ReadElement(found, counter); });
    });
  });
  if (!done) return done.error();
  return counter;
}

}  // namespace dockerlite
