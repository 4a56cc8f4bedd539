// SPDX-License-Identifier: Apache-2.0
#include "supervisor/run_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstdio>

#include "sys/remove_files.h"

namespace dockerlite {
namespace {

// Whether it was not there. Searchable: liblxc checks its way to it as the container's root, which may be an unprivileged user.
bool MakeDirectories(const std::string& path) {
  constexpr mode_t kMode = 0711;
  if (mkdir(path.c_str(), kMode) == 0) return true;
  if (errno != ENOENT) return false;
  for (size_t at = 1; (at = path.find('/', at)) != std::string::npos; at++) mkdir(path.substr(0, at).c_str(), kMode);
  return mkdir(path.c_str(), kMode) == 0;
}

bool SameFile(int fd, const std::string& path) {
  struct stat a {}, b {};
  return fstat(fd, &a) == 0 && stat(path.c_str(), &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

}  // namespace

Result<RunDir> RunDir::Claim(const std::string& path) {
  for (int attempt = 0; attempt < 10; attempt++) {
    const bool made = MakeDirectories(path);
    UniqueFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd && errno == ENOENT) continue;
    if (!fd) return Error::last("open", path);
    if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
      return Error{errno == EWOULDBLOCK ? EBUSY : errno, "flock", path, "the container has a supervisor already"};
    // The last owner may have removed it between our open and our lock, and may do so until there is something in it.
    if (!SameFile(fd.get(), path)) continue;
    RunDir dir(path, std::move(fd), made);
    if (Status listens = dir.Listen(); listens) {
      return dir;
    } else if (listens.error().code != ENOENT) {
      dir.Remove();
      return listens.error();
    }
  }
  return Error{EAGAIN, "flock", path, {}};
}

Status RunDir::Listen() {
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return Error::last("socket");
  unlinkat(fd_.get(), "ctl", 0);
  // Through the descriptor: the path itself may be longer than a socket address.
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/ctl", fd_.get());
  mode_t old = umask(0177);
  int bound = bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  umask(old);
  if (bound != 0) return Error::last("bind", file("ctl"));
  if (listen(socket.get(), 128) != 0) return Error::last("listen", file("ctl"));
  listener_ = std::move(socket);
  return Nothing{};
}

void RunDir::Remove() {
  RemoveFiles(fd_.get());
  rmdir(path_.c_str());
}

Status WriteText(const std::string& path, const std::string& text, uid_t user, gid_t group) {
  UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!fd) return Error::last("open", path);
  if (write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) return Error::last("write", path);
  if (user != 0 && fchown(fd.get(), user, group) != 0) return Error::last("fchown", path);
  return Nothing{};
}

Status WriteAtomically(const std::string& path, const std::string& text) {
  std::string temporary = path + ".tmp";
  if (Status written = WriteText(temporary, text); !written) {
    unlink(temporary.c_str());
    return written;
  }
  if (rename(temporary.c_str(), path.c_str()) != 0) return Error::last("rename", path);
  return Nothing{};
}

}  // namespace dockerlite
