// SPDX-License-Identifier: Apache-2.0
// dockerlite-supervisor: descriptor 3 is the client that started it. As a spawner it waits there for START frames and
// forks for each one a child that becomes a container's supervisor; asked to, it becomes the supervisor itself.
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "net/nft_batch.h"
#include "supervisor/cgroup_warmup.h"
#include "supervisor/frame_socket.h"
#include "supervisor/messages.h"
#include "supervisor/supervisor.h"

namespace dockerlite {
namespace {

constexpr int kClient = 3;

struct Job {
  StartRequest request;
  std::vector<UniqueFd> fds;
};

bool SetUp() {
  UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  for (int fd = 0; fd < 3; fd++)
    if (dup2(null.get(), fd) < 0) return false;
  null.reset();
  close_range(kClient + 1, ~0u, 0);
  if (fcntl(kClient, F_SETFD, FD_CLOEXEC) != 0) return false;

  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  signal(SIGPIPE, SIG_IGN);
  setsid();
  umask(022);
  clearenv();
  // liblxc runs newuidmap where it finds one; as root it can write id maps itself, faster.
  setenv("PATH", "/nonexistent", 1);
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_TRIM_THRESHOLD, 64 * 1024);
  mallopt(M_MMAP_THRESHOLD, 64 * 1024);
  return chdir("/") == 0;
}

// The init shim is installed beside this program.
UniqueFd OpenShim() {
  char path[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path);
  if (length <= 0) return UniqueFd();
  std::string self(path, static_cast<size_t>(length));
  self.resize(self.rfind('/') + 1);
  return UniqueFd(open((self + "dockerlite-init").c_str(), O_PATH | O_CLOEXEC));
}

void Refuse(UniqueFd conn, int error, const char* message) {
  wire::FrameSocket socket(std::move(conn));
  socket.Queue(static_cast<uint16_t>(FrameType::kFailed),
               wire::BodyWriter().U32(1, 1).U32(2, static_cast<uint32_t>(error)).Bytes(3, message).Take());
  socket.Flush();
}

// A START to carry out in this process, nullopt when it was refused or given to a child.
std::optional<Job> Accept(wire::Frame frame, CgroupWarmup& warmup) {
  if (frame.type == static_cast<uint16_t>(FrameType::kPrepare)) warmup.Begin();
  if (frame.type != static_cast<uint16_t>(FrameType::kStart) || frame.fds.empty())
    return std::nullopt;  // the client sees its descriptors closed
  std::optional<StartRequest> request = ParseStart(frame.body);
  if (!request) {
    Refuse(std::move(frame.fds[0]), EBADMSG, "malformed START");
    return std::nullopt;
  }
  Job job{std::move(*request), std::move(frame.fds)};
  if (job.request.flags & kBecome) {
    warmup.Finish();
    return job;
  }
  if (job.request.network.HasRules()) OpenShared();
#ifdef __SANITIZE_ADDRESS__
  warmup.Finish();  // the child would wait for ever for its allocator's locks, should the thread hold one
#endif
  pid_t child = fork();
  if (child == 0) {
    warmup.Abandon();
    return job;
  }
  if (child < 0) Refuse(std::move(job.fds[0]), errno, "cannot fork a supervisor");
  return std::nullopt;
}

// Waits for a START; nullopt when the client is gone.
std::optional<Job> WaitForJob() {
  CgroupWarmup warmup;
  warmup.Begin();
  wire::FrameSocket socket{UniqueFd(kClient)};
  for (;;) {
    while (auto frame = socket.Next())
      if (auto job = Accept(std::move(*frame), warmup)) return job;
    if (socket.malformed()) return std::nullopt;
    pollfd item{socket.fd(), POLLIN, 0};
    if (poll(&item, 1, -1) < 0 && errno != EINTR) return std::nullopt;
    if (socket.Receive() != wire::FrameSocket::State::kOpen) return std::nullopt;
  }
}

int Main() {
  if (!SetUp()) return 1;
  UniqueFd shim = OpenShim();
  if (!shim) return 1;  // the client spawns another: nothing could be executed in the containers of this one
  signal(SIGCHLD, SIG_IGN);  // supervisors need no reaping
  std::optional<Job> job = WaitForJob();
  if (!job) return 0;
  signal(SIGCHLD, SIG_DFL);
  setsid();
  Supervisor(std::move(job->request), std::move(job->fds), std::move(shim)).Run();
  // Libraries that clean up behind themselves only make the kernel copy the pages they do that in.
  _exit(0);
}

}  // namespace
}  // namespace dockerlite

int main() { return dockerlite::Main(); }
