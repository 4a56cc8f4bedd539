// SPDX-License-Identifier: Apache-2.0
#include "supervisor/dns_listener.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "net/port_alias.h"
#include "supervisor/dns_message.h"

namespace dockerlite {
namespace {

constexpr size_t kLongestQuery = 4096, kMostConnections = 32, kMostUnread = 256 * 1024;

constexpr const char* kAddress = "127.0.0.11";

struct Bound {
  UniqueFd fd;
  uint16_t port;
};

// To any port that is free: 53 of any address is for name servers of the container's own.
Result<Bound> Bind(int type) {
  UniqueFd fd(socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  inet_pton(AF_INET, kAddress, &address.sin_addr);
  socklen_t length = sizeof address;
  if (!fd || bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return Error::last("bind", kAddress);
  if (getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0) return Error::last("getsockname", kAddress);
  return Bound{std::move(fd), ntohs(address.sin_port)};
}

}  // namespace

DnsListener::~DnsListener() {
  if (datagrams_) loop_.Forget(datagrams_.get());
  if (streams_) loop_.Forget(streams_.get());
  for (auto& connection : connections_) loop_.Forget(connection->fd.get());
}

Status DnsListener::Listen() {
  Result<Bound> datagrams = Bind(SOCK_DGRAM), streams = Bind(SOCK_STREAM);
  if (!datagrams) return datagrams.error();
  if (!streams) return streams.error();
  datagrams_ = std::move(datagrams.value().fd);
  streams_ = std::move(streams.value().fd);
  if (listen(streams_.get(), 16) != 0) return Error::last("listen", kAddress);
  PortAlias alias{{}, 53, datagrams.value().port, streams.value().port};
  inet_pton(AF_INET, kAddress, &alias.address);
  if (Status added = SetPortAlias(alias); !added) return added;
  if (!loop_.Watch(datagrams_.get(), EPOLLIN, this) || !loop_.Watch(streams_.get(), EPOLLIN, this)) return Error::last("epoll_ctl");
  return Nothing{};
}

void DnsListener::OnReady(int fd, uint32_t events) {
  if (fd == datagrams_.get()) return ReadDatagram();
  if (fd == streams_.get()) return Accept();
  for (size_t i = 0; i < connections_.size(); i++) {
    if (connections_[i]->fd.get() != fd) continue;
    if (events & EPOLLOUT) WriteStream(*connections_[i]);
    if (events & ~EPOLLOUT) connections_[i]->ended ? static_cast<void>(connections_[i]->over = true) : ReadStream(*connections_[i]);
    break;
  }
  Sweep();
}

void DnsListener::ReadDatagram() {
  char bytes[kLongestQuery];
  Client client;
  socklen_t length = sizeof client.address;
  ssize_t n = recvfrom(datagrams_.get(), bytes, sizeof bytes, 0, reinterpret_cast<sockaddr*>(&client.address), &length);
  if (n >= static_cast<ssize_t>(dns::kHeader)) handler_(std::string(bytes, static_cast<size_t>(n)), client);
}

void DnsListener::Accept() {
  UniqueFd peer(accept4(streams_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!peer) return;
  auto connection = std::make_unique<Connection>();
  connection->fd = std::move(peer);
  connection->id = next_++;
  if (!loop_.Watch(connection->fd.get(), EPOLLIN, this)) return;
  connections_.push_back(std::move(connection));
  if (connections_.size() > kMostConnections) connections_.front()->over = true;
  Sweep();
}

void DnsListener::ReadStream(Connection& connection) {
  char bytes[kLongestQuery];
  ssize_t n = recv(connection.fd.get(), bytes, sizeof bytes, 0);
  if (n < 0 && errno == EAGAIN) return;
  if (n > 0) connection.in.append(bytes, static_cast<size_t>(n));
  connection.over = n < 0;
  connection.ended = n == 0;
  while (!connection.over && connection.in.size() >= 2) {
    const size_t length = static_cast<uint8_t>(connection.in[0]) << 8 | static_cast<uint8_t>(connection.in[1]);
    connection.over = length < dns::kHeader || length > kLongestQuery;
    if (connection.over || connection.in.size() < 2 + length) return;
    std::string query = connection.in.substr(2, length);
    connection.in.erase(0, 2 + length);
    Client client;
    client.connection = connection.id;
    connection.waiting++;
    handler_(std::move(query), client);
  }
  WatchStream(connection);
}

void DnsListener::Send(const Client& client, const std::string& answer) {
  if (!client.tcp()) {
    sendto(datagrams_.get(), answer.data(), answer.size(), MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&client.address), sizeof client.address);
    return;
  }
  auto found = std::find_if(connections_.begin(), connections_.end(), [&](auto& each) { return each->id == client.connection; });
  if (found == connections_.end() || answer.size() > 0xffff) return;
  Connection& connection = **found;
  // It asks and does not read.
  if (connection.out.size() > kMostUnread) connection.over = true;
  connection.waiting--;
  connection.out += static_cast<char>(answer.size() >> 8);
  connection.out += static_cast<char>(answer.size() & 0xff);
  connection.out += answer;
  WriteStream(connection);
}

void DnsListener::WriteStream(Connection& connection) {
  while (!connection.out.empty()) {
    ssize_t n = send(connection.fd.get(), connection.out.data(), connection.out.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0) {
      connection.over = connection.over || errno != EAGAIN;
      break;
    }
    connection.out.erase(0, static_cast<size_t>(n));
  }
  WatchStream(connection);
}

void DnsListener::WatchStream(Connection& connection) {
  connection.over = connection.over || (connection.ended && connection.waiting == 0 && connection.out.empty());
  // One that is over is swept when it is told that it could write.
  const bool writes = connection.over || !connection.out.empty();
  loop_.Change(connection.fd.get(), (connection.ended ? 0u : EPOLLIN) | (writes ? EPOLLOUT : 0u));
}

void DnsListener::Sweep() {
  std::erase_if(connections_, [this](auto& connection) {
    if (connection->over) loop_.Forget(connection->fd.get());
    return connection->over;
  });
}

}  // namespace dockerlite
