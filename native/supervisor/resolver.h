// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "supervisor/container_names.h"
#include "supervisor/denials.h"
#include "supervisor/dns_listener.h"
#include "supervisor/dns_upstream.h"
#include "supervisor/egress_gate.h"

namespace dockerlite {

struct ResolverOrders {
  std::string directory;
  std::vector<Membership> memberships;
  std::vector<std::string> servers;  // of the container; empty: the host's
  std::vector<std::pair<std::string, std::string>> links;  // its own names for others
  bool outward = true;               // false: on internal networks only, nobody else is asked
};

// Answers a container's questions for names on 127.0.0.11, as Docker's daemon does: those of its networks' containers
// itself, the others by asking the host's servers (or the container's own) from the host's network. Under an egress policy
// only those it lists, since questions carry data out as well as anything.
class Resolver {
 public:
  // `gate`: the policy; nullptr without one.
  Resolver(EventLoop& loop, ResolverOrders orders, EgressGate* gate, Denials& denials);
  // In the container's network namespace.
  Status Listen() { return listener_.Listen(); }
  void Change(ResolverOrders orders, EgressGate* gate);

 private:
  void OnQuestion(std::string query, const DnsListener::Client& client);
  void Answer(const DnsListener::Client& client, std::string_view query, const dns::Question& question, std::string answer);
  // The container's own answer to a question; empty when it is for others.
  std::string OwnAnswer(std::string_view query, const dns::Question& question);
  std::string AnswerName(std::string_view query, const dns::Question& question, const std::vector<std::string>& found);
  void Forward(std::string query, const dns::Question& question, const DnsListener::Client& client);
  void ForwardAllowed(std::string query, const dns::Question& question, const DnsListener::Client& client);

  ResolverOrders orders_;
  EgressGate* gate_;
  Denials& denials_;
  DnsListener listener_;
  DnsUpstream upstream_;
};

}  // namespace dockerlite
