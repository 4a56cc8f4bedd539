// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "sys/result.h"

namespace dockerlite {

// One element of a set or map of nftables. Keys and data are the bytes nftables keeps: the parts of a concatenation, each
// padded to a multiple of four.
struct NftElement {
  uint8_t family = 0;  // NFPROTO_INET, NFPROTO_BRIDGE
  std::string table, set;
  std::string key;
  std::string keyEnd;  // the last key of a range, empty: one key
  std::string data;    // of a map
  uint64_t timeoutMs = 0;
};

enum class NftOp { kAdd, kAddNew, kDelete };  // kAddNew: EEXIST where there is one

// Appends the elements' messages to `batch`, which FinishBatch then makes a transaction of.
void AppendElements(std::string& batch, NftOp op, const std::vector<NftElement>& elements);
std::string FinishBatch(std::string_view messages);

// One transaction: all of it or nothing.
Status SendBatch(std::string_view batch);
// The same where some of it may be done already: what fails is tried message by message.
void SendLeniently(std::string_view batch);

// Of supervisors: each message a transaction of its own, on a socket they share; nobody hears what became of it. The
// process that forks them opens that socket.
void OpenShared();
void SendForgotten(std::string_view batch);

// One request that reads: `visit` is called with each message of the answer.
Status QueryNft(std::string_view request, const char* what, const std::function<void(std::string_view message)>& visit);
// Packets and bytes of an element's counter. ENOENT without one.
struct NftCounter {
  uint64_t packets = 0, bytes = 0;
};
Result<NftCounter> ReadCounter(const NftElement& element);
// The keys in a set that begin with `set.key`.
Result<std::vector<std::string>> ListKeys(const NftElement& set);
// A table's rules, in the order of their chains; none when there is no such table.
struct NftRule {
  std::string chain;
  std::string comment;  // empty without one
};
Result<std::vector<NftRule>> ListRules(uint8_t family, const std::string& table);

}  // namespace dockerlite
