// SPDX-License-Identifier: Apache-2.0
// Entry for a fuzzer (clang -fsanitize=fuzzer,address); not part of any target. The first half of the input is a question, the rest an answer to it.
#include <cstddef>
#include <cstdint>

#include "supervisor/dns_message.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dockerlite;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string_view query = bytes.substr(0, size / 2);
  std::optional<dns::Question> question = dns::ParseQuestion(query);
  if (!question) return 0;
  dns::ReverseAddress(question->name);
  dns::FitsDatagram(query, dns::Reply(query, question->end, dns::kNoSuchName, 0, {}));
  // What is sent on has to be the same question.
  std::optional<dns::Question> again = dns::ParseQuestion(dns::Query(*question));
  if (!again || again->name != question->name || again->type != question->type || again->end != question->end) __builtin_trap();
  std::string answer(bytes.substr(size / 2));
  dns::ReadAnswer(answer, *question, 3600);
  std::string tail = dns::Query(*question);
  tail[2] = static_cast<char>(tail[2] | 0x80);
  if (answer.size() > 2) tail[7] = answer[0];
  tail += answer;
  dns::ReadAnswer(tail, *question, 3600);
  return 0;
}
