// SPDX-License-Identifier: Apache-2.0
#include "btrfs/send_pipe.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <system_error>
#include <thread>

#include "sys/unique_fd.h"

namespace dockerlite::btrfs {
namespace {

static_assert(sizeof(btrfs_ioctl_send_args) == 72);

Status RunIoctl(int tree, btrfs_ioctl_send_args& args, const std::string& path) {
  // The kernel writes to the pipe on this thread: that nobody reads it any more is an error here, not a signal.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  if (ioctl(tree, BTRFS_IOC_SEND, &args) == 0) return Nothing{};
  Error error = Error::last("ioctl(BTRFS_IOC_SEND)", path);
  if (error.code == EPERM) error.message = "not a read-only subvolume";
  if (error.code == ENAMETOOLONG) error.message = "a path in the tree is too long for the kernel to send";
  return error;
}

}  // namespace

Status SendThroughPipe(int tree, btrfs_ioctl_send_args args, const std::string& path,
                       const std::function<Status(int from)>& read) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Error::last("pipe2");
  UniqueFd from(ends[0]), into(ends[1]);
  // Fewer switches between the two threads; where it is not allowed the default is fine.
  static_cast<void>(fcntl(into.get(), F_SETPIPE_SZ, 1 << 20));
  args.send_fd = into.get();
  Status sent = Nothing{};
  std::thread sender;
  try {
    sender = std::thread([&] {
      sent = RunIoctl(tree, args, path);
      into.reset();
    });
  } catch (const std::system_error& error) {
    return Error{error.code().value(), "pthread_create", {}, {}};
  }
  Status done = read(from.get());
  from.reset();  // ends the ioctl where it has not ended
  sender.join();
  const bool stopped = !sent && sent.error().code == EPIPE;
  return sent || stopped ? done : sent;
}

}  // namespace dockerlite::btrfs
