// SPDX-License-Identifier: Apache-2.0
#include "supervisor/resolver.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace dockerlite {
namespace {

constexpr uint16_t kA = 1, kPtr = 12, kAaaa = 28, kIn = 1;
constexpr size_t kHeader = 12, kLongest = 4096, kMostPending = 64, kMostAnswers = 16;
constexpr int64_t kPatienceMs = 5000;
constexpr char kTtl[] = {0, 0, 2, 88};  // ten minutes, as Docker; a container's address stays while it runs

int64_t NowMs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

std::string ReadLink(const std::string& path) {
  char text[512];
  ssize_t n = readlink(path.c_str(), text, sizeof text);
  return std::string(text, n > 0 ? static_cast<size_t>(n) : 0);
}

// A label that is a file's name and no way to another.
bool IsPlain(const std::string& name) {
  return !name.empty() && name.size() < 256 && name[0] != '.' && name.find('/') == name.npos && name.find('\0') == name.npos;
}

std::vector<std::string> Addresses(const std::string& directory, const std::string& network, const std::string& name) {
  std::vector<std::string> found;
  if (!IsPlain(name)) return found;
  const std::string path = directory + "/" + network + "/n/" + name;
  DIR* entries = opendir(path.c_str());
  if (!entries) return found;
  while (dirent* entry = readdir(entries)) {
    if (entry->d_name[0] == '.') continue;
    std::string text = ReadLink(path + "/" + entry->d_name);
    for (size_t at = 0; at < text.size();) {
      size_t end = std::min(text.find(' ', at), text.size());
      found.push_back(text.substr(at, end - at));
      at = end + 1;
    }
  }
  closedir(entries);
  return found;
}

void MakeDirectories(const std::string& path) {
  for (size_t at = 1; (at = path.find('/', at)) != std::string::npos; at++) mkdir(path.substr(0, at).c_str(), 0711);
  mkdir(path.c_str(), 0700);
}

void PutLink(const std::string& text, const std::string& path) {
  unlink(path.c_str());
  if (symlink(text.c_str(), path.c_str()) != 0) return;
}

struct Question {
  std::string name;  // lower case, without the last dot
  uint16_t type = 0;
  size_t end = 0;
};

bool Parse(std::string_view query, Question& out) {
  auto byte = [&](size_t at) { return static_cast<uint8_t>(query[at]); };
  // A question, standard, and one.
  if (query.size() < kHeader + 5 || (byte(2) & 0xf8) != 0 || byte(4) != 0 || byte(5) != 1) return false;
  size_t at = kHeader;
  while (at < query.size() && byte(at) != 0) {
    size_t length = byte(at++);
    if (length > 63 || at + length >= query.size()) return false;
    if (!out.name.empty()) out.name += '.';
    for (char c : query.substr(at, length)) {
      if (c == '.' || c == '\0') return false;
      out.name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    at += length;
  }
  if (at + 5 > query.size() || out.name.size() > 253) return false;
  out.type = static_cast<uint16_t>(byte(at + 1) << 8 | byte(at + 2));
  out.end = at + 5;
  return (byte(at + 3) << 8 | byte(at + 4)) == kIn;
}

void PutRecord(std::string& out, uint16_t type, std::string_view data) {
  const char head[] = {'\xc0', static_cast<char>(kHeader), 0, static_cast<char>(type), 0, kIn};
  out.append(head, sizeof head);
  out.append(kTtl, sizeof kTtl);
  out += static_cast<char>(data.size() >> 8);
  out += static_cast<char>(data.size() & 0xff);
  out.append(data);
}

std::string Reply(std::string_view query, size_t end, uint8_t code, uint16_t count, std::string_view records) {
  std::string out(query.substr(0, end));
  out[2] = static_cast<char>(0x84 | (out[2] & 1));  // an answer, with authority
  out[3] = static_cast<char>(0x80 | code);
  memset(out.data() + 6, 0, 6);
  out[7] = static_cast<char>(count);
  return out.append(records);
}

std::string WireName(const std::string& name) {
  std::string out;
  for (size_t at = 0; at <= name.size();) {
    size_t end = std::min(name.find('.', at), name.size());
    if (end - at == 0 || end - at > 63) return {};
    out += static_cast<char>(end - at);
    out.append(name, at, end - at);
    at = end + 1;
  }
  return out + '\0';
}

// 2.0.30.172.in-addr.arpa and the nibbles of ip6.arpa; empty for other names.
std::string ReverseAddress(const std::string& name) {
  auto labels = [](std::string text) {
    std::vector<std::string> list;
    for (size_t at = 0; at <= text.size();) {
      size_t end = std::min(text.find('.', at), text.size());
      list.insert(list.begin(), text.substr(at, end - at));
      at = end + 1;
    }
    return list;
  };
  constexpr std::string_view kV4 = ".in-addr.arpa", kV6 = ".ip6.arpa";
  std::string text;
  if (name.ends_with(kV4)) {
    for (auto& label : labels(name.substr(0, name.size() - kV4.size()))) text += (text.empty() ? "" : ".") + label;
    in_addr address;
    return inet_pton(AF_INET, text.c_str(), &address) == 1 ? text : std::string();
  }
  if (!name.ends_with(kV6)) return {};
  auto nibbles = labels(name.substr(0, name.size() - kV6.size()));
  for (size_t i = 0; i < nibbles.size(); i++) text += (i > 0 && i % 4 == 0 ? ":" : "") + nibbles[i];
  in6_addr address;
  char canonical[INET6_ADDRSTRLEN];
  if (nibbles.size() != 32 || inet_pton(AF_INET6, text.c_str(), &address) != 1) return {};
  return inet_ntop(AF_INET6, &address, canonical, sizeof canonical) ? canonical : std::string();
}

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

UniqueFd ConnectServer(const std::string& server) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(53);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(53);
  const bool isV4 = inet_pton(AF_INET, server.c_str(), &v4.sin_addr) == 1;
  if (!isV4 && inet_pton(AF_INET6, server.c_str(), &v6.sin6_addr) != 1) return UniqueFd();
  UniqueFd fd(socket(isV4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const sockaddr* address = isV4 ? reinterpret_cast<sockaddr*>(&v4) : reinterpret_cast<sockaddr*>(&v6);
  if (!fd || connect(fd.get(), address, isV4 ? sizeof v4 : sizeof v6) != 0) return UniqueFd();
  return fd;
}

}  // namespace

void PublishNames(const std::string& directory, const std::string& container, const std::vector<Membership>& memberships) {
  for (auto& member : memberships) {
    const std::string network = directory + "/" + member.network;
    std::string addresses;
    MakeDirectories(network + "/p");
    for (auto& address : member.addresses) {
      addresses += (addresses.empty() ? "" : " ") + address;
      if (!member.names.empty()) PutLink(member.names[0] + "." + member.domain, network + "/p/" + address);
    }
    for (auto& name : member.names) {
      if (!IsPlain(name)) continue;
      MakeDirectories(network + "/n/" + name);
      PutLink(addresses, network + "/n/" + name + "/" + container);
    }
  }
}

void WithdrawNames(const std::string& directory, const std::string& container, const std::vector<Membership>& memberships) {
  for (auto& member : memberships) {
    const std::string network = directory + "/" + member.network;
    for (auto& address : member.addresses) unlink((network + "/p/" + address).c_str());
    for (auto& name : member.names) {
      unlink((network + "/n/" + name + "/" + container).c_str());
      rmdir((network + "/n/" + name).c_str());  // unless others have it, too
    }
  }
}

Resolver::~Resolver() {
  if (socket_) loop_.Forget(socket_.get());
  for (auto& pending : pending_) loop_.Forget(pending->fd.get());
}

Status Resolver::Listen() {
  UniqueFd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(53);
  inet_pton(AF_INET, "127.0.0.11", &address.sin_addr);
  if (!fd || bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return Error::last("bind", "127.0.0.11:53");
  socket_ = std::move(fd);
  loop_.Watch(socket_.get(), EPOLLIN, this);
  return Nothing{};
}

void Resolver::OnReady(int fd, uint32_t) {
  if (fd == socket_.get()) return OnQuestion();
  for (size_t i = 0; i < pending_.size(); i++) {
    if (pending_[i]->fd.get() != fd) continue;
    OnAnswer(*pending_[i]);
    loop_.Forget(fd);
    pending_.erase(pending_.begin() + static_cast<ptrdiff_t>(i));
    return;
  }
}

void Resolver::OnQuestion() {
  char bytes[kLongest];
  sockaddr_in client{};
  socklen_t length = sizeof client;
  ssize_t n = recvfrom(socket_.get(), bytes, sizeof bytes, 0, reinterpret_cast<sockaddr*>(&client), &length);
  if (n < static_cast<ssize_t>(kHeader)) return;
  std::string query(bytes, static_cast<size_t>(n));
  std::string answer = Answer(query);
  if (answer.empty()) return Forward(std::move(query), client);
  sendto(socket_.get(), answer.data(), answer.size(), MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&client), length);
}

std::string Resolver::Answer(std::string_view query) const {
  Question question;
  if (!Parse(query, question)) return {};
  if (question.type == kPtr) {
    std::string address = ReverseAddress(question.name);
    for (auto& member : orders_.memberships) {
      std::string wire = address.empty() ? address : WireName(ReadLink(orders_.directory + "/" + member.network + "/p/" + address));
      if (wire.empty()) continue;
      std::string record;
      PutRecord(record, kPtr, wire);
      return Reply(query, question.end, 0, 1, record);
    }
  }
  std::string name = question.name;
  for (auto& [alias, target] : orders_.links)
    if (alias == name) name = target;
  std::vector<std::string> found;
  for (auto& member : orders_.memberships) {
    found = Addresses(orders_.directory, member.network, name);
    const std::string domain = "." + member.domain;
    if (found.empty() && name.ends_with(domain)) found = Addresses(orders_.directory, member.network, name.substr(0, name.size() - domain.size()));
    if (!found.empty()) break;
  }
  // On internal networks nobody else is asked: there is no such name.
  if (found.empty()) return orders_.outward ? std::string() : Reply(query, question.end, 3, 0, {});
  std::string records;
  uint16_t count = 0;
  for (auto& text : found) {
    uint8_t address[16];
    const bool v6 = text.find(':') != text.npos;
    if (question.type != (v6 ? kAaaa : kA) || count == kMostAnswers) continue;
    if (inet_pton(v6 ? AF_INET6 : AF_INET, text.c_str(), address) != 1) continue;
    PutRecord(records, question.type, {reinterpret_cast<char*>(address), v6 ? 16u : 4u});
    count++;
  }
  return Reply(query, question.end, 0, count, records);
}

void Resolver::Forward(std::string query, const sockaddr_in& client) {
  Expire();
  const std::vector<std::string> servers = orders_.servers.empty() ? HostServers() : orders_.servers;
  auto pending = std::make_unique<Pending>();
  if (!servers.empty()) pending->fd = ConnectServer(servers[server_ % servers.size()]);
  if (!pending->fd || getrandom(&pending->ours, sizeof pending->ours, 0) != sizeof pending->ours) {
    query[2] = static_cast<char>(query[2] | 0x80);
    query[3] = static_cast<char>((query[3] & 0xf0) | 2);  // SERVFAIL
    sendto(socket_.get(), query.data(), query.size(), MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&client), sizeof client);
    return;
  }
  pending->client = client;
  memcpy(&pending->id, query.data(), 2);
  memcpy(query.data(), &pending->ours, 2);
  pending->deadline = NowMs() + kPatienceMs;
  if (send(pending->fd.get(), query.data(), query.size(), MSG_DONTWAIT) < 0) return;
  loop_.Watch(pending->fd.get(), EPOLLIN, this);
  pending_.push_back(std::move(pending));
}

// The socket is connected: nobody but the server can have sent it.
void Resolver::OnAnswer(Pending& pending) {
  char bytes[kLongest];
  ssize_t n = recv(pending.fd.get(), bytes, sizeof bytes, 0);
  if (n < static_cast<ssize_t>(kHeader) || memcmp(bytes, &pending.ours, 2) != 0) {
    server_++;
    return;
  }
  memcpy(bytes, &pending.id, 2);
  sendto(socket_.get(), bytes, static_cast<size_t>(n), MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&pending.client), sizeof pending.client);
}

// Who asked asks again, by then another server.
void Resolver::Expire() {
  const int64_t now = NowMs();
  for (size_t i = 0; i < pending_.size();) {
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
