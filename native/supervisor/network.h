// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/veth.h"
#include "supervisor/denials.h"
#include "supervisor/egress_gate.h"
#include "supervisor/resolver.h"
#include "sys/result.h"
#include "sys/unique_fd.h"

namespace dockerlite {

// What the client said about the container's networks: fields 70 to 89 of START and NETWORK.
struct NetworkOrders {
  std::vector<std::string> atExit;      // transactions of nftables: before the end is reported
  std::vector<std::string> afterExit;   // and when nobody waits any more
  std::vector<std::string> ports;       // "tcp 0.0.0.0 8080"
  std::vector<Veth> links;              // its interfaces

  ResolverOrders resolver;              // of user-defined networks, and under an egress policy
  EgressOrders egress;

  bool Resolves() const { return !resolver.memberships.empty() || egress.present(); }
  // False for a field that is malformed.
  bool Take(uint16_t tag, std::string_view data);
  bool HasRules() const { return !atExit.empty() || !afterExit.empty(); }
  bool Inside() const { return !links.empty() || Resolves(); }  // is there work in the container's namespace?
};

// What a supervisor does about its container's networks. Bridges and rules are there before it is asked to start the container.
class Network {
 public:
  Network(EventLoop& loop, const EventLog& events) : loop_(loop), denials_(loop, events) {}
  // Takes the ports of the host that lead to the container, so that nobody else listens there. The sockets do not
  // answer: what comes is sent on before it reaches them.
  Status ClaimPorts(const std::vector<std::string>& ports);
  // Makes its interfaces and what serves them in the namespace of `init`, before anything of the container runs.
  Status PlugIn(pid_t init);
  // The names others find the container by.
  Status Publish(const std::string& container);
  // The networks of the running container have changed: its interfaces are there, or gone.
  Status Change(pid_t init, NetworkOrders orders);
  // The container has ended: gives back what only a running one has and another may want.
  void Release();
  // Removes what nobody else can have, the links and their rules. The kernel takes milliseconds for it.
  void RemoveLinks();

  void set_orders(NetworkOrders orders) { orders_ = std::move(orders); }
  const NetworkOrders& orders() const { return orders_; }
  // How many questions for names the egress policy has refused.
  uint64_t refusedNames() const { return denials_.names(); }

 private:
  Status Resolve();

  EventLoop& loop_;
  NetworkOrders orders_;
  std::string container_;  // whose names are published
  std::vector<UniqueFd> ports_;
  Denials denials_;
  std::unique_ptr<EgressGate> gate_;
  std::unique_ptr<Resolver> resolver_;
};

}  // namespace dockerlite
