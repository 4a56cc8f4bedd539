// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <endian.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "net/message_reader.h"
#include "net/message_writer.h"
#include "net/nft_batch.h"
#include "net/raw_socket.h"

namespace dockerlite {
namespace {

constexpr const char* kWhat = "netlink(NFT_MSG_GETSETELEM)";
constexpr const char* kWhatRules = "netlink(NFT_MSG_GETRULE)";
constexpr size_t kHead = NLMSG_ALIGN(sizeof(nlmsghdr)) + NLMSG_ALIGN(sizeof(nfgenmsg));

using netlink::Attribute;
using netlink::Find;

void PutRequest(std::string& out, uint16_t flags, const NftElement& element) {
  netlink::Message message(out, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETSETELEM, static_cast<uint16_t>(NLM_F_ACK | flags));
  netlink::Put(out, nfgenmsg{element.family, NFNETLINK_V0, 0});
  Attribute(out, NFTA_SET_ELEM_LIST_TABLE, std::string_view(element.table.c_str(), element.table.size() + 1));
  Attribute(out, NFTA_SET_ELEM_LIST_SET, std::string_view(element.set.c_str(), element.set.size() + 1));
  if (element.key.empty()) return;
  Attribute list(out, NFTA_SET_ELEM_LIST_ELEMENTS | NLA_F_NESTED);
  Attribute item(out, NFTA_LIST_ELEM | NLA_F_NESTED);
  Attribute key(out, NFTA_SET_ELEM_KEY | NLA_F_NESTED);
  Attribute value(out, NFTA_DATA_VALUE, element.key);
}

template <typename Visit>
void ForEachElement(std::string_view message, Visit visit) {
  if (message.size() < kHead) return;
  netlink::ForEachAttributeOf(Find(message.substr(kHead), NFTA_SET_ELEM_LIST_ELEMENTS), [&](uint16_t, std::string_view element) { visit(element); });
}

std::string_view Text(std::string_view bytes) { return bytes.substr(0, bytes.find('\0')); }

uint64_t Number(std::string_view bytes) {
  uint64_t value = 0;
  if (bytes.size() == sizeof value) memcpy(&value, bytes.data(), sizeof value);
  return be64toh(value);
}

// What libnftables keeps of a rule: pieces with a byte of type and one of length each; type 0 is the comment.
std::string CommentIn(std::string_view userdata) {
  while (userdata.size() >= 2) {
    const size_t length = static_cast<uint8_t>(userdata[1]);
    if (userdata[0] == 0) return std::string(Text(userdata.substr(2, length)));
    userdata.remove_prefix(std::min(userdata.size(), 2 + length));
  }
  return {};
}

}  // namespace

Result<NftCounter> ReadCounter(const NftElement& element) {
  std::string request;
  PutRequest(request, 0, element);
  NftCounter counter;
  Status done = QueryNft(request, kWhat, [&](std::string_view message) {
    ForEachElement(message, [&](std::string_view found) {
      const std::string_view data = Find(Find(found, NFTA_SET_ELEM_EXPR), NFTA_EXPR_DATA);
      counter.packets = Number(Find(data, NFTA_COUNTER_PACKETS));
      counter.bytes = Number(Find(data, NFTA_COUNTER_BYTES));
    });
  });
  if (!done) return done.error();
  return counter;
}

Result<std::vector<std::string>> ListKeys(const NftElement& set) {
  std::string request;
  PutRequest(request, NLM_F_DUMP, {set.family, set.table, set.set, {}, {}, {}, 0});
  std::vector<std::string> keys;
  Status done = QueryNft(request, kWhat, [&](std::string_view message) {
    ForEachElement(message, [&](std::string_view found) {
      const std::string_view key = Find(Find(found, NFTA_SET_ELEM_KEY), NFTA_DATA_VALUE);
      if (key.starts_with(set.key)) keys.emplace_back(key);
    });
  });
  if (!done) return done.error();
  return keys;
}

Result<std::vector<NftRule>> ListRules(uint8_t family, const std::string& table) {
  std::string request;
  {
    netlink::Message message(request, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETRULE, NLM_F_ACK | NLM_F_DUMP);
    netlink::Put(request, nfgenmsg{family, NFNETLINK_V0, 0});
    Attribute(request, NFTA_RULE_TABLE, std::string_view(table.c_str(), table.size() + 1));
  }
  std::vector<NftRule> rules;
  Status done = QueryNft(request, kWhatRules, [&](std::string_view message) {
    if (message.size() < kHead) return;
    const std::string_view rule = message.substr(kHead);
    rules.push_back({std::string(Text(Find(rule, NFTA_RULE_CHAIN))), CommentIn(Find(rule, NFTA_RULE_USERDATA))});
  });
  if (!done) return done.error();
  return rules;
}

}  // namespace dockerlite
