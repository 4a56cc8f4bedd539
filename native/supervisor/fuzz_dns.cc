// SPDX-License-Identifier: Apache-2.0
// Entry for a fuzzer, see scripts/fuzz.sh; not part of any target. The input is the length of a question, the question, and an answer to
// it: what a container and a name server say, as the resolver reads them.
#include <cstdlib>

#include "supervisor/dns_message.h"

namespace {

using namespace dockerlite;

void Check(bool holds) {
  if (!holds) abort();
}

void CheckAnswer(const dns::Question& question, std::string answer) {
  const size_t size = answer.size();
  auto addresses = dns::ReadAnswer(answer, question, 60);
  Check(answer.size() == size);
  if (!addresses) return;
  for (const auto& address : *addresses) Check((address.bytes.size() == 4 || address.bytes.size() == 16) && address.ttl <= 60);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::string query(bytes.substr(0, data[0] | data[1] << 8));
  const std::string answer(bytes.substr(query.size()));
  auto question = dns::ParseQuestion(query);
  if (!question) return 0;
  Check(question->end >= dns::kHeader && question->end <= query.size());
  dns::WireName(question->name);
  dns::ReverseAddress(question->name);
  CheckAnswer(*question, answer);
  const std::string own = dns::Query(*question);
  // What is sent on has to be the same question.
  auto again = dns::ParseQuestion(own);
  Check(again && again->name == question->name && again->type == question->type && again->end == question->end);
  std::string answered = own;
  answered[2] = static_cast<char>(answered[2] | 0x80);
  if (answer.size() > 2) answered[7] = answer[0];
  CheckAnswer(*question, answered + answer);
  std::string record;
  dns::PutRecord(record, dns::kA, 600, "\1\2\3\4");
  const std::string reply = dns::Reply(query, question->end, dns::kNoError, 1, record);
  CheckAnswer(*question, reply);
  dns::FitsDatagram(query, reply);
  Check(dns::Truncated(reply, question->end).size() <= reply.size());
  return 0;
}
