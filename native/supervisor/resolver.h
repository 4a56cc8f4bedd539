// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/event_loop.h"
#include "sys/result.h"

namespace dockerlite {

// The names of containers, as files in memory: DIRECTORY/NETWORK/n/NAME/CONTAINER is a link whose text is the container's
// addresses there, DIRECTORY/NETWORK/p/ADDRESS one whose text is its name. A look-up is one readdir(3), however many there are.
struct Membership {
  std::string network;                 // id
  std::string domain;                  // its name
  std::vector<std::string> addresses;
  std::vector<std::string> names;      // lower case, the first one is the container's own
};

void PublishNames(const std::string& directory, const std::string& container, const std::vector<Membership>& memberships);
void WithdrawNames(const std::string& directory, const std::string& container, const std::vector<Membership>& memberships);

struct ResolverOrders {
  std::string directory;
  std::vector<Membership> memberships;
  std::vector<std::string> servers;  // of the container; empty: the host's
  std::vector<std::pair<std::string, std::string>> links;  // its own names for others
  bool outward = true;               // false: on internal networks only, nobody else is asked
};

// Answers a container's questions for names on 127.0.0.11, as Docker's daemon does: those of its networks' containers
// itself, the others by asking the host's servers (or the container's own) from the host's network.
class Resolver : public Watcher {
 public:
  Resolver(EventLoop& loop, ResolverOrders orders) : loop_(loop), orders_(std::move(orders)) {}
  ~Resolver() override;
  // In the container's network namespace.
  Status Listen();
  void OnReady(int fd, uint32_t events) override;
  void set_orders(ResolverOrders orders) { orders_ = std::move(orders); }

 private:
  struct Pending {
    UniqueFd fd;
    sockaddr_in client{};
    uint16_t id = 0;  // the client's, and what we sent
    uint16_t ours = 0;
    int64_t deadline = 0;
  };
  void OnQuestion();
  void OnAnswer(Pending& pending);
  void Forward(std::string query, const sockaddr_in& client);
  void Expire();
  // The container's answer to a question; empty when it is for others.
  std::string Answer(std::string_view query) const;

  EventLoop& loop_;
  ResolverOrders orders_;
  UniqueFd socket_;
  std::vector<std::unique_ptr<Pending>> pending_;
  size_t server_ = 0;  // which of them answered last
};

}  // namespace dockerlite
