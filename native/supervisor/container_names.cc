// SPDX-License-Identifier: Apache-2.0
#include "supervisor/container_names.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace dockerlite {
namespace {

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

// Another container that has the same name takes the directory away when it goes and finds nothing in it.
Status PutLink(const std::string& directory, const std::string& name, const std::string& text) {
  const std::string path = directory + "/" + name;
  for (int attempt = 0; attempt < 100; attempt++) {
    MakeDirectories(directory);
    unlink(path.c_str());
    if (symlink(text.c_str(), path.c_str()) == 0) return Nothing{};
    if (errno != ENOENT) break;
  }
  return Error::last("symlink", path);
}

}  // namespace

Status PublishNames(const std::string& directory, const std::string& container, const std::vector<Membership>& memberships) {
  for (auto& member : memberships) {
    const std::string network = directory + "/" + member.network;
    std::string addresses;
    for (auto& address : member.addresses) {
      addresses += (addresses.empty() ? "" : " ") + address;
      if (member.names.empty()) continue;
      if (Status put = PutLink(network + "/p", address, member.names[0] + "." + member.domain); !put) return put;
    }
    for (auto& name : member.names) {
      if (!IsPlain(name)) continue;
      if (Status put = PutLink(network + "/n/" + name, container, addresses); !put) return put;
    }
  }
  return Nothing{};
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

std::vector<std::string> FindAddresses(const std::string& directory, const std::vector<Membership>& memberships, const std::string& name) {
  for (auto& member : memberships) {
    std::vector<std::string> found = Addresses(directory, member.network, name);
    const std::string domain = "." + member.domain;
    if (found.empty() && name.ends_with(domain)) found = Addresses(directory, member.network, name.substr(0, name.size() - domain.size()));
    if (!found.empty()) return found;
  }
  return {};
}

std::string FindName(const std::string& directory, const std::vector<Membership>& memberships, const std::string& address) {
  std::string name;
  for (auto& member : memberships)
    if (name.empty()) name = ReadLink(directory + "/" + member.network + "/p/" + address);
  return name;
}

}  // namespace dockerlite
