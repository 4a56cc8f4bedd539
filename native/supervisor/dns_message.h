// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// DNS's wire format (RFC 1035), as far as a resolver needs it that passes most answers on as they are. Everything in a message
// is hostile: what a container asks, and what a server answers.
namespace dockerlite::dns {

constexpr uint16_t kA = 1, kCname = 5, kPtr = 12, kAaaa = 28;
enum Code : uint8_t { kNoError = 0, kServerFailure = 2, kNoSuchName = 3 };

constexpr size_t kHeader = 12;
constexpr size_t kDatagram = 512;  // the longest answer by UDP to who has not asked for more

struct Question {
  std::string name;  // lower case, without the last dot
  uint16_t type = 0;
  size_t end = 0;    // where it ends in its message
};

// nullopt unless it is a standard query with one question of class IN.
std::optional<Question> ParseQuestion(std::string_view query);

// A name as labels; empty for one that cannot be written so.
std::string WireName(const std::string& name);
// 2.0.30.172.in-addr.arpa and the nibbles of ip6.arpa; empty for other names.
std::string ReverseAddress(const std::string& name);

void PutRecord(std::string& out, uint16_t type, uint32_t ttl, std::string_view data);
// The answer to a query whose question ends at `end`, with authority.
std::string Reply(std::string_view query, size_t end, Code code, uint16_t count, std::string_view records);
// A query of our own: nothing of the client's but what it asks for.
std::string Query(const Question& question);
// Whether an answer is too long for the datagram it is to go in.
bool FitsDatagram(std::string_view query, std::string_view answer);
// The same answer without its records, and marked so: the client asks again by TCP.
std::string Truncated(std::string_view answer, size_t questionEnd);

struct AnsweredAddress {
  std::string bytes;  // 4 or 16
  uint32_t ttl = 0;
};

// The addresses that an answer has for the question, through its aliases; nullopt when it is no answer to it, or malformed. Times to live
// longer than `longest` are cut to that, in place.
std::optional<std::vector<AnsweredAddress>> ReadAnswer(std::string& answer, const Question& question, uint32_t longest);

}  // namespace dockerlite::dns
