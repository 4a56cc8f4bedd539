// SPDX-License-Identifier: Apache-2.0
#include "supervisor/dns_upstream.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "supervisor/dns_message.h"
#include "sys/clock.h"

namespace dockerlite {
namespace {

constexpr size_t kLongest = 65536, kMostPending = 64;
constexpr int64_t kPatienceMs = 5000;

// Of the host's resolv.conf as it is now: it is read for each question that is passed on.
std::vector<std::string> HostServers() {
  std::vector<std::string> servers;
  UniqueFd file(open("/etc/resolv.conf", O_RDONLY | O_CLOEXEC));
  char bytes[4096];
  ssize_t n = file ? read(file.get(), bytes, sizeof bytes) : 0;
  std::string text(bytes, n > 0 ? static_cast<size_t>(n) : 0);
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find('\n', at), text.size());
    std::string line = text.substr(at, end - at);
    at = end + 1;
    if (!line.starts_with("nameserver")) continue;
    size_t first = line.find_first_not_of(" \t", 10);
    if (first == 10 || first == line.npos) continue;
    servers.push_back(line.substr(first, line.find_first_of(" \t\r", first) - first));
  }
  return servers;
}

UniqueFd ConnectServer(const std::string& server, int type) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(53);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(53);
  const bool isV4 = inet_pton(AF_INET, server.c_str(), &v4.sin_addr) == 1;
  if (!isV4 && inet_pton(AF_INET6, server.c_str(), &v6.sin6_addr) != 1) return UniqueFd();
  UniqueFd fd(socket(isV4 ? AF_INET : AF_INET6, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const sockaddr* address = isV4 ? reinterpret_cast<sockaddr*>(&v4) : reinterpret_cast<sockaddr*>(&v6);
  if (!fd || (connect(fd.get(), address, isV4 ? sizeof v4 : sizeof v6) != 0 && errno != EINPROGRESS)) return UniqueFd();
  return fd;
}

}  // namespace

DnsUpstream::~DnsUpstream() {
  for (auto& pending : pending_) loop_.Forget(pending->fd.get());
}

bool DnsUpstream::Ask(std::string query, bool tcp, const std::vector<std::string>& given, Answered answered) {
  Expire();
  const std::vector<std::string> servers = given.empty() ? HostServers() : given;
  auto pending = std::make_unique<Pending>();
  if (!servers.empty()) pending->fd = ConnectServer(servers[server_ % servers.size()], tcp ? SOCK_STREAM : SOCK_DGRAM);
  if (!pending->fd || getrandom(&pending->ours, sizeof pending->ours, 0) != sizeof pending->ours) return false;
  memcpy(&pending->id, query.data(), 2);
  memcpy(query.data(), &pending->ours, 2);
  pending->tcp = tcp;
  pending->answered = std::move(answered);
  pending->deadline = MonotonicMs() + kPatienceMs;
  if (tcp) {
    pending->out += static_cast<char>(query.size() >> 8);
    pending->out += static_cast<char>(query.size() & 0xff);
    pending->out += query;
  } else if (send(pending->fd.get(), query.data(), query.size(), MSG_DONTWAIT) < 0) {
    server_++;
    return false;
  }
  if (!loop_.Watch(pending->fd.get(), tcp ? EPOLLOUT : EPOLLIN, this)) return false;
  pending_.push_back(std::move(pending));
  return true;
}

void DnsUpstream::OnReady(int fd, uint32_t events) {
  auto found = std::find_if(pending_.begin(), pending_.end(), [&](auto& each) { return each->fd.get() == fd; });
  if (found == pending_.end()) return;
  const Progress progress = (*found)->tcp ? Exchange(**found, events) : Receive(**found);
  if (progress == Progress::kWaiting) return;
  loop_.Forget(fd);
  const std::unique_ptr<Pending> pending = std::move(*found);
  pending_.erase(found);
  if (progress == Progress::kFailed) {
    server_++;
    return;
  }
  memcpy(pending->in.data(), &pending->id, 2);
  pending->answered(std::move(pending->in));
}

// The socket is connected: only who can send as the server has sent it, and then has to guess the id.
DnsUpstream::Progress DnsUpstream::Receive(Pending& pending) {
  std::string bytes(kLongest, '\0');
  ssize_t n = recv(pending.fd.get(), bytes.data(), bytes.size(), 0);
  if (n < 0) return errno == EAGAIN ? Progress::kWaiting : Progress::kFailed;
  if (n < static_cast<ssize_t>(dns::kHeader) || memcmp(bytes.data(), &pending.ours, 2) != 0) return Progress::kWaiting;
  bytes.resize(static_cast<size_t>(n));
  pending.in = std::move(bytes);
  return Progress::kAnswered;
}

DnsUpstream::Progress DnsUpstream::Exchange(Pending& pending, uint32_t events) {
  if (!pending.out.empty()) {
    ssize_t n = send(pending.fd.get(), pending.out.data(), pending.out.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0) return errno == EAGAIN ? Progress::kWaiting : Progress::kFailed;
    pending.out.erase(0, static_cast<size_t>(n));
    if (pending.out.empty()) loop_.Change(pending.fd.get(), EPOLLIN);
    return Progress::kWaiting;
  }
  if ((events & ~EPOLLOUT) == 0) return Progress::kWaiting;
  char bytes[4096];
  ssize_t n = recv(pending.fd.get(), bytes, sizeof bytes, 0);
  if (n < 0 && errno == EAGAIN) return Progress::kWaiting;
  if (n <= 0) return Progress::kFailed;
  pending.in.append(bytes, static_cast<size_t>(n));
  if (pending.in.size() < 2) return Progress::kWaiting;
  const size_t length = static_cast<uint8_t>(pending.in[0]) << 8 | static_cast<uint8_t>(pending.in[1]);
  if (length < dns::kHeader) return Progress::kFailed;
  if (pending.in.size() < 2 + length) return Progress::kWaiting;
  pending.in = pending.in.substr(2, length);
  return memcmp(pending.in.data(), &pending.ours, 2) == 0 ? Progress::kAnswered : Progress::kFailed;
}

void DnsUpstream::Expire() {
  const int64_t now = MonotonicMs();
  for (size_t i = 0; i < pending_.size();) {
    // The oldest go for the newest.
    if (pending_[i]->deadline > now && pending_.size() < kMostPending) {
      i++;
      continue;
    }
    if (pending_[i]->deadline <= now) server_++;
    loop_.Forget(pending_[i]->fd.get());
    pending_.erase(pending_.begin() + static_cast<ptrdiff_t>(i));
  }
}

}  // namespace dockerlite
