// SPDX-License-Identifier: Apache-2.0
// Entry for a fuzzer, see scripts/fuzz.sh; not part of any target. The input is a question to the resolver of a container, or with the first
// bit set what a server answers. In a network of its own: both ends are here.
#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "supervisor/resolver.h"

namespace {

using namespace dockerlite;

void Must(bool done, const char* what) {
  if (done) return;
  perror(what);
  abort();
}

sockaddr_in Address(const char* text, uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  inet_pton(AF_INET, text, &address.sin_addr);
  return address;
}

UniqueFd Socket(const char* address, uint16_t port) {
  UniqueFd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in own = Address(address, port);
  Must(fd && bind(fd.get(), reinterpret_cast<sockaddr*>(&own), sizeof own) == 0, "bind");
  return fd;
}

// What the container has sent, taken by the resolver; its answer, whatever it is, is taken by the container.
struct Network {
  EventLoop loop;
  std::string directory = "/tmp/fuzz-resolver-XXXXXX";
  std::vector<Membership> memberships;
  Resolver resolver{loop, Orders()};
  UniqueFd container = Socket("127.0.0.1", 0);
  UniqueFd server = Socket("127.0.0.1", 53);

  Network() { Must(static_cast<bool>(resolver.Listen()), "Listen"); }

  ResolverOrders Orders() {
    Must(mkdtemp(directory.data()) != nullptr, "mkdtemp");
    memberships.push_back({"net", "net.example", {"172.30.0.2", "fd00::2"}, {"web", "db"}});
    PublishNames(directory, "container", memberships);
    return {directory, memberships, {"127.0.0.1"}, {{"alias", "web"}}, true};
  }
};

Network& TheNetwork() {
  static Network& network = *new Network;
  return network;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  Must(unshare(CLONE_NEWNET) == 0, "unshare");
  UniqueFd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  Must(ioctl(fd.get(), SIOCSIFFLAGS, &request) == 0, "lo");
  TheNetwork();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Network& net = TheNetwork();
  if (size < 1 || size > 4096) return 0;
  const bool isAnswer = (data[0] & 1) != 0;
  const sockaddr_in resolver = Address("127.0.0.11", 53);
  // A question for somebody else's name, so that it is asked on.
  static constexpr char kOther[] = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x05other\x07" "example\x00\x00\x01\x00\x01";
  const void* question = isAnswer ? static_cast<const void*>(kOther) : data + 1;
  const size_t length = isAnswer ? sizeof kOther - 1 : size - 1;
  sendto(net.container.get(), question, length, 0, reinterpret_cast<const sockaddr*>(&resolver), sizeof resolver);
  net.loop.Turn(0);
  char asked[4096];
  sockaddr_in from{};
  socklen_t fromLength = sizeof from;
  const ssize_t got = recvfrom(net.server.get(), asked, sizeof asked, 0, reinterpret_cast<sockaddr*>(&from), &fromLength);
  if (got > 0) {
    std::string answer(reinterpret_cast<const char*>(data) + 1, size - 1);
    // With the id it was asked with, it is believed.
    if (isAnswer && (data[0] & 2) != 0 && answer.size() >= 2) memcpy(answer.data(), asked, 2);
    sendto(net.server.get(), answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&from), fromLength);
    net.loop.Turn(0);
  }
  while (recv(net.container.get(), asked, sizeof asked, 0) >= 0) continue;
  return 0;
}
