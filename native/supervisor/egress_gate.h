// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "net/nft_batch.h"
#include "supervisor/dns_message.h"
#include "supervisor/token_bucket.h"

namespace dockerlite {

// A container's egress policy, as far as its supervisor carries it out: fields 78, 80, 81 and 82 of START and NETWORK.
struct EgressOrders {
  struct Name {
    std::string name;  // "*.example.org": every name below example.org
    uint16_t port = 0;  // 0: any
  };
  // The sets that a packet from `source` is looked up in: with its destination, and with that and the port.
  struct Sets {
    uint8_t family = 0;
    std::string table, any, withPort;
    std::string source;
  };
  std::vector<Name> names;
  std::vector<Sets> outside, containers;  // where answers of name servers go, and the addresses of containers
  std::vector<Sets> refused;              // `any`: who counts what was refused, `withPort`: what it was
  bool present() const { return !refused.empty(); }
};

// Lets a container reach what the names it may ask for stand for, for as long as they do.
class EgressGate {
 public:
  explicit EgressGate(EgressOrders orders) : orders_(std::move(orders)) {}
  ~EgressGate() { Close(); }
  EgressGate(const EgressGate&) = delete;
  EgressGate& operator=(const EgressGate&) = delete;

  // The ports a name may be reached at; none: it may not even be asked for.
  std::vector<uint16_t> PortsOf(const std::string& name) const;
  enum class Origin { kServer, kContainers };
  // When this has returned true they are reached: the container hears of them only then.
  bool Open(const std::vector<dns::AnsweredAddress>& addresses, const std::vector<uint16_t>& ports, Origin origin);
  // Takes back everything: an address may be another container's next.
  void Close();

  static constexpr uint32_t kLongestTtl = 3600;

 private:
  struct Opening {
    NftElement element;
    int64_t since = 0, until = 0;
  };
  std::vector<NftElement> ElementsFor(const dns::AnsweredAddress& address, const std::vector<uint16_t>& ports, Origin origin) const;
  bool Send(const std::vector<NftElement>& stale, const std::vector<NftElement>& fresh);
  void MakeRoom(std::vector<NftElement>& stale, size_t wanted);

  EgressOrders orders_;
  std::map<std::string, Opening> openings_;
  TokenBucket changes_{200, 50};
};

}  // namespace dockerlite
