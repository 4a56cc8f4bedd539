// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "net/message_writer.h"

namespace dockerlite::nft {

constexpr uint16_t kSubsystem = NFNL_SUBSYS_NFTABLES << 8;
constexpr uint16_t kNested = NLA_F_NESTED;

inline void PutFamily(std::string& out, uint8_t family, uint16_t resource = 0) {
  netlink::Put(out, nfgenmsg{family, NFNETLINK_V0, htons(resource)});
}

inline void PutText(std::string& out, uint16_t type, const std::string& text) {
  netlink::Attribute attribute(out, type, std::string_view(text.c_str(), text.size() + 1));
}

inline void PutNumber(std::string& out, uint16_t type, uint32_t number) {
  netlink::Attribute attribute(out, type);
  netlink::Put(out, htonl(number));
}

inline void PutData(std::string& out, uint16_t type, std::string_view bytes) {
  netlink::Attribute outer(out, type | kNested);
  netlink::Attribute value(out, NFTA_DATA_VALUE, bytes);
}

}  // namespace dockerlite::nft
