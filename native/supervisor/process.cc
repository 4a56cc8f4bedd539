// SPDX-License-Identifier: Apache-2.0
#include "supervisor/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>

#include <sys/wait.h>
#include <unistd.h>

#include <bit>
#include <cerrno>

#include "supervisor/pidfd.h"

namespace dockerlite {
namespace {

constexpr size_t kMaxWarnings = 64;

bool MakePipe(UniqueFd& read, UniqueFd& write, StreamOwnerIds owner) {
  int pair[2];
  if (pipe2(pair, O_CLOEXEC) != 0) return false;
  read.reset(pair[0]);
  write.reset(pair[1]);
  return owner.user == 0 || fchown(pair[0], owner.user, owner.group) == 0;
}

// The two ends of a pipe are two open files: only ours becomes non-blocking.
void SetNonBlocking(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

}  // namespace

bool TakeStreams(ClientId client, uint32_t mask, std::vector<UniqueFd> fds, Attachment& out) {
  if ((mask & ~(kStdinBit | kStdoutBit | kStderrBit)) || static_cast<size_t>(std::popcount(mask)) != fds.size())
    return false;
  size_t next = 0;
  out.client = client;
  if (mask & kStdinBit) out.in = std::move(fds[next++]);
  if (mask & kStdoutBit) out.out = std::move(fds[next++]);
  if (mask & kStderrBit) out.err = std::move(fds[next++]);
  return true;
}

Process::Process(EventLoop& loop, Owner& owner, ProcessOptions options)
    : loop_(loop), owner_(owner), options_(std::move(options)) {}

Process::~Process() {
  if (watchingPid_) loop_.Forget(pidfd_.get());
}

Status Process::Prepare(ChildStdio& child) {
  UniqueFd near;
  if (!ShimLink::MakePair(near, child.shim)) return Error::last("socketpair");
  link_ = std::make_unique<ShimLink>(loop_, std::move(near), options_.payload, this, options_.hold);
  options_.payload = {};

  UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) return Error::last("open", "/dev/null");
  if (options_.tty) {  // the shim opens the terminal inside the container
    child.out.reset(fcntl(null.get(), F_DUPFD_CLOEXEC, 3));
    child.err.reset(fcntl(null.get(), F_DUPFD_CLOEXEC, 3));
    child.in = std::move(null);
    return Nothing{};
  }
  UniqueFd outRead, errRead;
  if (!MakePipe(outRead, child.out, options_.owner) || !MakePipe(errRead, child.err, options_.owner))
    return Error::last("pipe2");
  SetNonBlocking(outRead.get());
  SetNonBlocking(errRead.get());
  OutputCapture* capture = options_.capture ? &capture_ : nullptr;
  out_ = std::make_unique<OutputStream>(loop_, std::move(outRead), options_.log, LogStream::kStdout, capture);
  err_ = std::make_unique<OutputStream>(loop_, std::move(errRead), options_.log, LogStream::kStderr, capture);
  if (!options_.openStdin) {
    child.in = std::move(null);
    return Nothing{};
  }
  UniqueFd inWrite;
  if (!MakePipe(child.in, inWrite, options_.owner)) return Error::last("pipe2");
  SetNonBlocking(inWrite.get());
  in_ = std::make_unique<InputStream>(loop_, std::move(inWrite), options_.stdinOnce);
  return Nothing{};
}

bool Process::Listen(pid_t pid, UniqueFd pidfd) {
  if (pid > 0) {
    pid_ = pid;
    pidfd_ = std::move(pidfd);
    WatchPid();
    if (!watchingPid_) return false;
  }
  return link_->Listen();
}

void Process::WatchPid() {
  if (pidfd_ && !watchingPid_) watchingPid_ = loop_.Watch(pidfd_.get(), EPOLLIN, this);
}

void Process::OnReady(int, uint32_t) { owner_.OnDead(*this); }

void Process::OnShimHello(pid_t pid) {
  if (pid_ > 0) return;
  pid_ = pid;
  if (reaped_) return;
  // Our child, reaped by liblxc only after this thread lets it: the number cannot have been used again.
  pidfd_.reset(PidfdOpen(pid));
  WatchPid();
  owner_.OnHello(*this);
}

void Process::Abandon() {
  state_ = State::kFailed;
  // As long as nobody has reaped it the number is its own.
  if (PidfdSignal(pidfd_.get(), SIGKILL) != 0 && pid_ > 0 && !dead_ && !reaped_) kill(pid_, SIGKILL);
}

void Process::OnShimTerminal(UniqueFd master) {
  if (!options_.tty || terminal_) return;
  SetNonBlocking(master.get());
  UniqueFd output(fcntl(master.get(), F_DUPFD_CLOEXEC, 3));
  out_ = std::make_unique<OutputStream>(loop_, std::move(output), options_.log, LogStream::kStdout, nullptr);
  if (options_.openStdin) {
    UniqueFd input(fcntl(master.get(), F_DUPFD_CLOEXEC, 3));
    in_ = std::make_unique<InputStream>(loop_, std::move(input), false);
  }
  terminal_ = std::move(master);
  if (earlyRows_ && earlyColumns_) Resize(earlyRows_, earlyColumns_);
  std::vector<Attachment> early = std::move(early_);
  for (auto& attachment : early) Attach(std::move(attachment));
}

void Process::OnShimWarning(std::string text) {
  if (warnings_.size() < kMaxWarnings) warnings_.push_back(std::move(text));
}

void Process::OnShimGone(bool failed, Failure failure) {
  if (failed) {
    Abandon();  // its end may not have been the reason
    owner_.OnFailed(*this, failure);
  } else if (state_ == State::kStarting) {
    state_ = State::kRunning;
    startedAt_ = NowNs();
    owner_.OnStarted(*this);
  }
}

void Process::Attach(Attachment attachment) {
  if (options_.tty && !terminal_ && state_ == State::kStarting) {
    early_.push_back(std::move(attachment));
    return;
  }
  using Direction = ClientFd::Direction;
  if (attachment.in && in_) in_->Attach(ClientFd(std::move(attachment.in), Direction::kRead), attachment.client);
  if (attachment.out && out_) out_->Attach(ClientFd(std::move(attachment.out), Direction::kWrite), attachment.client);
  if (attachment.err && err_) err_->Attach(ClientFd(std::move(attachment.err), Direction::kWrite), attachment.client);
}

void Process::Detach(ClientId client) {
  if (in_) in_->Detach(client);
  if (state_ == State::kExited) return;  // the little that is left is flushed
  if (out_) out_->Detach(client);
  if (err_) err_->Detach(client);
  std::erase_if(early_, [&](auto& attachment) { return attachment.client == client; });
}

bool Process::attached(ClientId client) const {
  return (out_ && out_->attached(client)) || (err_ && err_->attached(client));
}

int Process::Resize(uint32_t rows, uint32_t columns) {
  if (!options_.tty || rows > UINT16_MAX || columns > UINT16_MAX) return options_.tty ? EINVAL : ENOTTY;
  if (!terminal_) {
    earlyRows_ = rows;
    earlyColumns_ = columns;
    return 0;
  }
  winsize size{};
  size.ws_row = static_cast<unsigned short>(rows);
  size.ws_col = static_cast<unsigned short>(columns);
  return ioctl(terminal_.get(), TIOCSWINSZ, &size) == 0 ? 0 : errno;
}

int Process::Signal(uint32_t number) {
  if (!pidfd_ || state_ == State::kExited) return ESRCH;
  return PidfdSignal(pidfd_.get(), static_cast<int>(number)) == 0 ? 0 : errno;
}

void Process::KillGroup() {
  // It leads a session of its own, and keeps its number until it is reaped.
  if (pid_ > 0 && !dead_) kill(-pid_, SIGKILL);
  Signal(SIGKILL);
}

std::optional<int> Process::Reap(bool keep) {
  siginfo_t info{};
  if (!pidfd_ || waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED | WNOHANG | (keep ? WNOWAIT : 0)) != 0)
    return std::nullopt;
  if (info.si_pid == 0) return std::nullopt;
  if (info.si_code == CLD_EXITED) return (info.si_status & 0xff) << 8;
  return (info.si_status & 0x7f) | (info.si_code == CLD_DUMPED ? 0x80 : 0);
}

void Process::Finish(int status) {
  status_ = status;
  dead_ = true;
  endedAt_ = NowNs();
  if (watchingPid_) loop_.Forget(pidfd_.get());
  watchingPid_ = false;
  if (state_ != State::kFailed) state_ = State::kExited;
  bool hold = !options_.id.empty() && !options_.capture;  // an exec may have left processes behind that go on writing
  if (out_) out_->Finish(hold && !options_.tty);
  if (err_) err_->Finish(hold);
  in_.reset();
  early_.clear();
}

}  // namespace dockerlite
