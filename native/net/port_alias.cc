// SPDX-License-Identifier: Apache-2.0
#include "net/port_alias.h"

#include <linux/netfilter.h>
#include <linux/netlink.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>

#include <climits>
#include <cstddef>
#include <string>
#include <string_view>

#include "net/nft_batch.h"
#include "net/nft_message.h"
#include "net/raw_socket.h"

namespace dockerlite {
namespace {

using netlink::Attribute;
using netlink::Message;
using namespace nft;

constexpr const char* kTable = "dockerlite";

// Packets change where nothing in the namespace has looked at them yet, or nothing will any more: connection tracking, the
// container's own rules and packet dumps all see the alias alone.
struct Chain {
  const char* name;
  uint32_t hook;
  int priority;
  size_t address, port;  // where they are in the headers of the packets concerned
};
constexpr Chain kQuestions = {"questions", NF_INET_LOCAL_IN, INT_MAX, offsetof(iphdr, daddr), offsetof(udphdr, dest)};
constexpr Chain kAnswers = {"answers", NF_INET_LOCAL_OUT, INT_MIN, offsetof(iphdr, saddr), offsetof(udphdr, source)};

struct Transport {
  uint8_t protocol;
  size_t checksum;
};
constexpr Transport kUdp = {IPPROTO_UDP, offsetof(udphdr, check)}, kTcp = {IPPROTO_TCP, offsetof(tcphdr, check)};

template <typename Fill>
void PutExpression(std::string& out, const char* name, Fill fill) {
  Attribute item(out, NFTA_LIST_ELEM | kNested);
  PutText(out, NFTA_EXPR_NAME, name);
  Attribute data(out, NFTA_EXPR_DATA | kNested);
  fill();
}

void PutCompare(std::string& out, std::string_view bytes) {
  PutExpression(out, "cmp", [&] {
    PutNumber(out, NFTA_CMP_SREG, NFT_REG_1);
    PutNumber(out, NFTA_CMP_OP, NFT_CMP_EQ);
    PutData(out, NFTA_CMP_DATA, bytes);
  });
}

// "BASE OFFSET is BYTES"
void PutMatch(std::string& out, uint32_t base, size_t offset, std::string_view bytes) {
  PutExpression(out, "payload", [&] {
    PutNumber(out, NFTA_PAYLOAD_DREG, NFT_REG_1);
    PutNumber(out, NFTA_PAYLOAD_BASE, base);
    PutNumber(out, NFTA_PAYLOAD_OFFSET, static_cast<uint32_t>(offset));
    PutNumber(out, NFTA_PAYLOAD_LEN, static_cast<uint32_t>(bytes.size()));
  });
  PutCompare(out, bytes);
}

void PutProtocolMatch(std::string& out, uint8_t protocol) {
  PutExpression(out, "meta", [&] {
    PutNumber(out, NFTA_META_DREG, NFT_REG_1);
    PutNumber(out, NFTA_META_KEY, NFT_META_L4PROTO);
  });
  PutCompare(out, {reinterpret_cast<const char*>(&protocol), sizeof protocol});
}

void PutChange(std::string& out, size_t offset, std::string_view bytes, size_t checksum) {
  PutExpression(out, "immediate", [&] {
    PutNumber(out, NFTA_IMMEDIATE_DREG, NFT_REG_1);
    PutData(out, NFTA_IMMEDIATE_DATA, bytes);
  });
  PutExpression(out, "payload", [&] {
    PutNumber(out, NFTA_PAYLOAD_SREG, NFT_REG_1);
    PutNumber(out, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_TRANSPORT_HEADER);
    PutNumber(out, NFTA_PAYLOAD_OFFSET, static_cast<uint32_t>(offset));
    PutNumber(out, NFTA_PAYLOAD_LEN, static_cast<uint32_t>(bytes.size()));
    PutNumber(out, NFTA_PAYLOAD_CSUM_TYPE, NFT_PAYLOAD_CSUM_INET);
    PutNumber(out, NFTA_PAYLOAD_CSUM_OFFSET, static_cast<uint32_t>(checksum));
  });
}

// A message about the whole table.
void PutTable(std::string& out, uint16_t type, uint16_t flags, uint16_t name) {
  Message message(out, type, flags);
  PutFamily(out, NFPROTO_IPV4);
  PutText(out, name, kTable);
}

void PutChain(std::string& out, const Chain& chain) {
  Message message(out, kSubsystem | NFT_MSG_NEWCHAIN, NLM_F_CREATE);
  PutFamily(out, NFPROTO_IPV4);
  PutText(out, NFTA_CHAIN_TABLE, kTable);
  PutText(out, NFTA_CHAIN_NAME, chain.name);
  PutText(out, NFTA_CHAIN_TYPE, "filter");
  Attribute hook(out, NFTA_CHAIN_HOOK | kNested);
  PutNumber(out, NFTA_HOOK_HOOKNUM, chain.hook);
  PutNumber(out, NFTA_HOOK_PRIORITY, static_cast<uint32_t>(chain.priority));
}

void PutRule(std::string& out, const Chain& chain, in_addr address, const Transport& transport, uint16_t from, uint16_t to) {
  const auto bytes = [](const auto& value) { return std::string_view(reinterpret_cast<const char*>(&value), sizeof value); };
  const uint16_t before = htons(from), after = htons(to);
  Message message(out, kSubsystem | NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
  PutFamily(out, NFPROTO_IPV4);
  PutText(out, NFTA_RULE_TABLE, kTable);
  PutText(out, NFTA_RULE_CHAIN, chain.name);
  Attribute expressions(out, NFTA_RULE_EXPRESSIONS | kNested);
  // What most packets are not comes first.
  PutMatch(out, NFT_PAYLOAD_NETWORK_HEADER, chain.address, bytes(address));
  PutProtocolMatch(out, transport.protocol);
  PutMatch(out, NFT_PAYLOAD_TRANSPORT_HEADER, chain.port, bytes(before));
  PutChange(out, chain.port, bytes(after), transport.checksum);
}

}  // namespace

Status SetPortAlias(const PortAlias& alias) {
  std::string messages;
  PutTable(messages, kSubsystem | NFT_MSG_NEWTABLE, NLM_F_CREATE, NFTA_TABLE_NAME);
  PutTable(messages, kSubsystem | NFT_MSG_DELRULE, 0, NFTA_RULE_TABLE);
  for (const Chain& chain : {kQuestions, kAnswers}) PutChain(messages, chain);
  PutRule(messages, kQuestions, alias.address, kUdp, alias.port, alias.udp);
  PutRule(messages, kQuestions, alias.address, kTcp, alias.port, alias.tcp);
  PutRule(messages, kAnswers, alias.address, kUdp, alias.udp, alias.port);
  PutRule(messages, kAnswers, alias.address, kTcp, alias.tcp, alias.port);
  return netlink::TransactOnce(NETLINK_NETFILTER, FinishBatch(messages), "netlink(NFT_MSG_NEWRULE)");
}

}  // namespace dockerlite
