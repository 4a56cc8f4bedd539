// SPDX-License-Identifier: Apache-2.0
#include "supervisor/resolver.h"

#include <arpa/inet.h>

namespace dockerlite {
namespace {

constexpr size_t kMostAnswers = 64;
// As Docker: a container's address stays while it runs. What a policy has opened is closed sooner, as the address may be another's then.
constexpr uint32_t kOwnTtl = 600, kGuardedTtl = 10;

std::string Failure(std::string_view query, const dns::Question& question) { return dns::Reply(query, question.end, dns::kServerFailure, 0, {}); }

std::string AddressBytes(const std::string& text) {
  char bytes[16];
  const bool v6 = text.find(':') != text.npos;
  if (inet_pton(v6 ? AF_INET6 : AF_INET, text.c_str(), bytes) != 1) return {};
  return std::string(bytes, v6 ? 16 : 4);
}

}  // namespace

Resolver::Resolver(EventLoop& loop, ResolverOrders orders, EgressGate* gate, Denials& denials)
    : orders_(std::move(orders)),
      gate_(gate),
      denials_(denials),
      listener_(loop, [this](std::string query, const DnsListener::Client& client) { OnQuestion(std::move(query), client); }),
      upstream_(loop) {}

void Resolver::Change(ResolverOrders orders, EgressGate* gate) {
  orders_ = std::move(orders);
  gate_ = gate;
}

void Resolver::OnQuestion(std::string query, const DnsListener::Client& client) {
  std::optional<dns::Question> question = dns::ParseQuestion(query);
  // What is no question that anybody answers today, by TCP too, is nobody's under a policy.
  if (!question) {
    if (!gate_ && orders_.outward) upstream_.Ask(query, client.tcp(), orders_.servers, [this, client](std::string answer) { listener_.Send(client, answer); });
    return;
  }
  std::string answer = OwnAnswer(query, *question);
  if (!answer.empty()) return Answer(client, query, *question, std::move(answer));
  // On internal networks nobody else is asked: there is no such name.
  if (!orders_.outward) return Answer(client, query, *question, dns::Reply(query, question->end, dns::kNoSuchName, 0, {}));
  gate_ ? ForwardAllowed(std::move(query), *question, client) : Forward(std::move(query), *question, client);
}

void Resolver::Answer(const DnsListener::Client& client, std::string_view query, const dns::Question& question, std::string answer) {
  if (!client.tcp() && !dns::FitsDatagram(query, answer)) answer = dns::Truncated(answer, question.end);
  listener_.Send(client, answer);
}

std::string Resolver::OwnAnswer(std::string_view query, const dns::Question& question) {
  const std::string address = question.type == dns::kPtr ? dns::ReverseAddress(question.name) : std::string();
  if (!address.empty()) {
    const std::string wire = dns::WireName(FindName(orders_.directory, orders_.memberships, address));
    if (!wire.empty()) {
      std::string record;
      dns::PutRecord(record, dns::kPtr, gate_ ? kGuardedTtl : kOwnTtl, wire);
      return dns::Reply(query, question.end, dns::kNoError, 1, record);
    }
  }
  std::string name = question.name;
  for (auto& [alias, target] : orders_.links)
    if (alias == name) name = target;
  const std::vector<std::string> found = FindAddresses(orders_.directory, orders_.memberships, name);
  return found.empty() ? std::string() : AnswerName(query, question, found);
}

std::string Resolver::AnswerName(std::string_view query, const dns::Question& question, const std::vector<std::string>& found) {
  const uint32_t ttl = gate_ ? kGuardedTtl : kOwnTtl;
  std::vector<dns::AnsweredAddress> addresses;
  for (auto& text : found) {
    std::string bytes = AddressBytes(text);
    if (bytes.size() == (question.type == dns::kA ? 4u : question.type == dns::kAaaa ? 16u : 0u) && !bytes.empty() && addresses.size() < kMostAnswers)
      addresses.push_back({std::move(bytes), ttl});
  }
  // That it may not be reached is no reason to hide it: it is the user's own.
  if (gate_ && !gate_->Open(addresses, gate_->PortsOf(question.name), EgressGate::Origin::kContainers)) return Failure(query, question);
  std::string records;
  for (auto& address : addresses) dns::PutRecord(records, question.type, ttl, address.bytes);
  return dns::Reply(query, question.end, dns::kNoError, static_cast<uint16_t>(addresses.size()), records);
}

void Resolver::Forward(std::string query, const dns::Question& question, const DnsListener::Client& client) {
  const bool asked = upstream_.Ask(query, client.tcp(), orders_.servers, [this, client](std::string answer) { listener_.Send(client, answer); });
  if (!asked) listener_.Send(client, Failure(query, question));
}

// Of a name that is not in the list nothing leaves, of one that is nothing but the name and what is asked about it.
void Resolver::ForwardAllowed(std::string query, const dns::Question& question, const DnsListener::Client& client) {
  const std::vector<uint16_t> ports = gate_->PortsOf(question.name);
  if (ports.empty()) {
    denials_.OnName(question.name);
    return Answer(client, query, question, dns::Reply(query, question.end, dns::kNoSuchName, 0, {}));
  }
  std::string ours = dns::Query(question);
  ours.replace(0, 2, query, 0, 2);
  auto answered = [this, query, question, client, ports](std::string answer) {
    std::optional<std::vector<dns::AnsweredAddress>> addresses = dns::ReadAnswer(answer, question, EgressGate::kLongestTtl);
    if (!addresses || !gate_ || !gate_->Open(*addresses, ports, EgressGate::Origin::kServer)) return listener_.Send(client, Failure(query, question));
    // Spelt as it was asked for: some programs look.
    answer.replace(dns::kHeader, question.end - dns::kHeader, query, dns::kHeader, question.end - dns::kHeader);
    Answer(client, query, question, std::move(answer));
  };
  if (!upstream_.Ask(std::move(ours), client.tcp(), orders_.servers, std::move(answered))) listener_.Send(client, Failure(query, question));
}

}  // namespace dockerlite
