// SPDX-License-Identifier: Apache-2.0
#include "supervisor/id_claim.h"

#include <fcntl.h>

#include <cerrno>

#include "supervisor/idmap.h"

namespace dockerlite {
namespace {

constexpr char kFile[] = "/run/dockerlite.ids";
constexpr uint32_t kRange = 65536;

// False when somebody else has it.
Result<bool> Lock(int file, uint32_t first) {
  struct flock range {};
  range.l_type = F_WRLCK;
  range.l_whence = SEEK_SET;
  range.l_start = first / kRange;
  range.l_len = 1;
  if (fcntl(file, F_OFD_SETLK, &range) == 0) return true;
  if (errno == EAGAIN || errno == EACCES) return false;
  return Error::last("fcntl(F_OFD_SETLK)", kFile);
}

void Replace(std::vector<std::string>& config, uint32_t first) {
  std::erase_if(config, [](auto& item) { return item.starts_with("lxc.idmap="); });
  for (const char* kind : {"u", "g"})
    config.push_back(std::string("lxc.idmap=") + kind + " 0 " + std::to_string(first) + " " + std::to_string(kRange));
}

}  // namespace

Result<UniqueFd> ClaimIds(std::vector<std::string>& config, uint32_t lowest, uint32_t highest) {
  uint32_t wanted = IdmapOf(config).rootUser;
  if (lowest == 0 || wanted < lowest || wanted > highest || SharesIds(config)) return UniqueFd();
  UniqueFd file(open(kFile, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return Error::last("open", kFile);
  uint32_t first = wanted;
  do {
    Result<bool> locked = Lock(file.get(), first);
    if (!locked) return locked.error();
    if (locked.value()) {
      if (first != wanted) Replace(config, first);
      return file;
    }
    first = first == highest ? lowest : first + kRange;
  } while (first != wanted);
  return Error{EADDRINUSE, "lock", kFile, "every range of user ids is in use"};
}

}  // namespace dockerlite
