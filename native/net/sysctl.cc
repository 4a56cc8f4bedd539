// SPDX-License-Identifier: Apache-2.0
#include "net/sysctl.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "sys/unique_fd.h"

namespace dockerlite {
namespace {

// net.ipv4.ip_forward or, where an interface's name has a dot in it, net/ipv4/conf/eth0.5/forwarding.
Result<std::string> PathOf(const std::string& key) {
  std::string path = key;
  if (path.find('/') == std::string::npos) std::replace(path.begin(), path.end(), '.', '/');
  const bool clean = path.starts_with("net/") && path.find("..") == std::string::npos && path.find('\0') == std::string::npos;
  if (!clean) return Error{EINVAL, "sysctl", key, "only net.* settings are written here"};
  return "/proc/sys/" + path;
}

}  // namespace

Result<std::string> SetNetSysctl(const std::string& key, const std::string& value) {
  auto path = PathOf(key);
  if (!path) return path.error();
  UniqueFd file(open(path.value().c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!file) return Error::last("open", path.value());
  char buffer[256];
  const ssize_t length = pread(file.get(), buffer, sizeof(buffer), 0);
  if (length < 0) return Error::last("read", path.value());
  std::string old(buffer, static_cast<size_t>(length));
  old.erase(old.find_last_not_of('\n') + 1);
  if (old == value) return old;
  if (pwrite(file.get(), value.data(), value.size(), 0) < 0) return Error::last("write", path.value());
  return old;
}

}  // namespace dockerlite
