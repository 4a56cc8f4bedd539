// SPDX-License-Identifier: Apache-2.0
#include "supervisor/container_names.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

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

void PutLink(const std::string& text, const std::string& path) {
  unlink(path.c_str());
  if (symlink(text.c_str(), path.c_str()) != 0) return;
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
