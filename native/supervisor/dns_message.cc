// SPDX-License-Identifier: Apache-2.0
#include "supervisor/dns_message.h"

#include <arpa/inet.h>

#include <cstring>

namespace dockerlite::dns {
namespace {

constexpr uint16_t kIn = 1;
constexpr uint8_t kResponse = 0x80, kTruncatedBit = 0x02;

uint8_t Byte(std::string_view message, size_t at) { return static_cast<uint8_t>(message[at]); }

uint16_t Number(std::string_view message, size_t at) { return static_cast<uint16_t>(Byte(message, at) << 8 | Byte(message, at + 1)); }

void PutNumber(std::string& out, uint32_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
}

std::vector<std::string> ReversedLabels(const std::string& text) {
  std::vector<std::string> list;
  for (size_t at = 0; at <= text.size();) {
    size_t end = std::min(text.find('.', at), text.size());
    list.insert(list.begin(), text.substr(at, end - at));
    at = end + 1;
  }
  return list;
}

}  // namespace

std::optional<Question> ParseQuestion(std::string_view query) {
  Question out;
  if (query.size() < kHeader + 5 || (Byte(query, 2) & 0xf8) != 0 || Number(query, 4) != 1) return std::nullopt;
  size_t at = kHeader;
  while (at < query.size() && Byte(query, at) != 0) {
    size_t length = Byte(query, at++);
    if (length > 63 || at + length >= query.size()) return std::nullopt;
    if (!out.name.empty()) out.name += '.';
    for (char c : query.substr(at, length)) {
      if (c == '.' || c == '\0') return std::nullopt;
      out.name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    at += length;
  }
  if (at + 5 > query.size() || out.name.size() > 253) return std::nullopt;
  out.type = Number(query, at + 1);
  out.end = at + 5;
  if (Number(query, at + 3) != kIn) return std::nullopt;
  return out;
}

std::string WireName(const std::string& name) {
  std::string out;
  for (size_t at = 0; at <= name.size();) {
    size_t end = std::min(name.find('.', at), name.size());
    if (end - at == 0 || end - at > 63) return {};
    out += static_cast<char>(end - at);
    out.append(name, at, end - at);
    at = end + 1;
  }
  return out + '\0';
}

std::string ReverseAddress(const std::string& name) {
  constexpr std::string_view kV4 = ".in-addr.arpa", kV6 = ".ip6.arpa";
  std::string text;
  if (name.ends_with(kV4)) {
    for (auto& label : ReversedLabels(name.substr(0, name.size() - kV4.size()))) text += (text.empty() ? "" : ".") + label;
    in_addr address;
    return inet_pton(AF_INET, text.c_str(), &address) == 1 ? text : std::string();
  }
  if (!name.ends_with(kV6)) return {};
  auto nibbles = ReversedLabels(name.substr(0, name.size() - kV6.size()));
  for (size_t i = 0; i < nibbles.size(); i++) text += (i > 0 && i % 4 == 0 ? ":" : "") + nibbles[i];
  in6_addr address;
  char canonical[INET6_ADDRSTRLEN];
  if (nibbles.size() != 32 || inet_pton(AF_INET6, text.c_str(), &address) != 1) return {};
  return inet_ntop(AF_INET6, &address, canonical, sizeof canonical) ? canonical : std::string();
}

void PutRecord(std::string& out, uint16_t type, uint32_t ttl, std::string_view data) {
  PutNumber(out, 0xc000 | kHeader, 2);  // the name in the question
  PutNumber(out, type, 2);
  PutNumber(out, kIn, 2);
  PutNumber(out, ttl, 4);
  PutNumber(out, static_cast<uint32_t>(data.size()), 2);
  out.append(data);
}

std::string Reply(std::string_view query, size_t end, Code code, uint16_t count, std::string_view records) {
  std::string out(query.substr(0, end));
  out[2] = static_cast<char>(0x84 | (out[2] & 1));  // an answer, with authority
  out[3] = static_cast<char>(0x80 | code);
  memset(out.data() + 6, 0, 6);
  out[6] = static_cast<char>(count >> 8);
  out[7] = static_cast<char>(count & 0xff);
  return out.append(records);
}

std::string Query(const Question& question) {
  std::string out("\0\0\1\0\0\1\0\0\0\0\0\0", kHeader);  // recursion desired, one question
  out += question.name.empty() ? std::string(1, '\0') : WireName(question.name);
  PutNumber(out, question.type, 2);
  PutNumber(out, kIn, 2);
  return out;
}

bool FitsDatagram(std::string_view query, std::string_view answer) {
  const bool extended = query.size() >= kHeader && Number(query, 10) != 0;  // it says itself how much it takes
  return answer.size() <= kDatagram || extended;
}

std::string Truncated(std::string_view answer, size_t questionEnd) {
  std::string out(answer.substr(0, questionEnd));
  out[2] = static_cast<char>(out[2] | kTruncatedBit);
  memset(out.data() + 6, 0, 6);
  return out;
}

namespace {

constexpr int kMostAliases = 16;

struct Record {
  std::string owner;
  uint16_t type, klass;
  size_t ttlAt, dataAt, length;
};

// Reads a name that may be continued elsewhere in the message, always further towards its beginning. nullopt when malformed.
std::optional<std::string> ReadName(std::string_view message, size_t& at) {
  std::string name;
  size_t here = at, limit = message.size();
  bool jumped = false;
  for (;;) {
    if (here >= limit) return std::nullopt;
    const size_t length = Byte(message, here);
    if (length >= 0xc0) {
      if (here + 2 > limit) return std::nullopt;
      const size_t target = Number(message, here) & 0x3fff;
      if (target >= here) return std::nullopt;
      if (!jumped) at = here + 2;
      jumped = true;
      limit = here;
      here = target;
      continue;
    }
    if (length > 63 || here + 1 + length > limit) return std::nullopt;
    if (length == 0) {
      if (!jumped) at = here + 1;
      return name;
    }
    if (!name.empty()) name += '.';
    for (char c : message.substr(here + 1, length)) {
      if (c == '.' || c == '\0') return std::nullopt;
      name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    if (name.size() > 253) return std::nullopt;
    here += 1 + length;
  }
}

std::optional<Record> ReadRecord(std::string_view message, size_t& at) {
  std::optional<std::string> owner = ReadName(message, at);
  if (!owner || at + 10 > message.size()) return std::nullopt;
  Record record{std::move(*owner), Number(message, at), Number(message, at + 2), at + 4, at + 10, Number(message, at + 8)};
  at = record.dataAt + record.length;
  if (at > message.size()) return std::nullopt;
  return record;
}

bool Answers(std::string_view answer, const Question& question) {
  if (answer.size() < kHeader || (Byte(answer, 2) & (kResponse | 0x78)) != kResponse || Number(answer, 4) != 1) return false;
  size_t at = kHeader;
  std::optional<std::string> name = ReadName(answer, at);
  return name == question.name && at == question.end - 4 && at + 4 <= answer.size() && Number(answer, at) == question.type && Number(answer, at + 2) == kIn;
}

uint32_t Ttl(std::string_view message, size_t at) { return static_cast<uint32_t>(Number(message, at)) << 16 | Number(message, at + 2); }

void CutTtl(std::string& message, size_t at, uint32_t longest) {
  if (Ttl(message, at) <= longest) return;
  std::string bytes;
  PutNumber(bytes, longest, 4);
  message.replace(at, 4, bytes);
}

}  // namespace

std::optional<std::vector<AnsweredAddress>> ReadAnswer(std::string& answer, const Question& question, uint32_t longest) {
  if (!Answers(answer, question)) return std::nullopt;
  std::vector<Record> records;
  size_t at = question.end;
  for (unsigned left = Number(answer, 6); left > 0; left--) {
    std::optional<Record> record = ReadRecord(answer, at);
    if (!record) return std::nullopt;
    if (record->klass == kIn) CutTtl(answer, record->ttlAt, longest);
    records.push_back(std::move(*record));
  }
  std::vector<AnsweredAddress> found;
  if (question.type != kA && question.type != kAaaa) return found;
  std::string name = question.name;
  for (int step = 0; step <= kMostAliases; step++) {
    std::optional<std::string> next;
    for (const Record& record : records) {
      if (record.owner != name || record.klass != kIn) continue;
      size_t data = record.dataAt;
      if (record.type == kCname && !next) next = ReadName(answer, data);
      if (record.type != question.type || record.length != (question.type == kA ? 4 : 16)) continue;
      found.push_back({answer.substr(record.dataAt, record.length), Ttl(answer, record.ttlAt)});
    }
    if (!next) break;
    name = std::move(*next);
  }
  return found;
}

}  // namespace dockerlite::dns
