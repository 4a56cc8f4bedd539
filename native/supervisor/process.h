// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "supervisor/input_stream.h"
#include "supervisor/output_stream.h"
#include "supervisor/shim_link.h"
#include "sys/result.h"

namespace dockerlite {

enum StreamMask : uint32_t { kStdinBit = 1, kStdoutBit = 2, kStderrBit = 4 };

// Descriptors of a client for some of a process's streams.
struct Attachment {
  ClientId client = 0;
  UniqueFd in, out, err;
};

// Sorts descriptors that came in mask order; false when mask and descriptors do not agree.
bool TakeStreams(ClientId client, uint32_t mask, std::vector<UniqueFd> fds, Attachment& out);

// The ends of a process's stdio that the process itself gets.
struct ChildStdio {
  UniqueFd in, out, err, shim;
};

// Who a process's pipes belong to: its root, so that it can open them anew by /dev/stdout.
struct StreamOwnerIds {
  uid_t user = 0;
  gid_t group = 0;
};

struct ProcessOptions {
  std::string id;  // empty: the container's init
  bool tty = false;
  bool openStdin = false;
  bool stdinOnce = false;
  std::string_view payload;
  bool hold = false;  // the shim waits for Release()
  JsonLog* log = nullptr;
  bool capture = false;  // keep the first of its output, and nothing of who it leaves behind
  StreamOwnerIds owner;
};

// The container's init or one exec: its stdio, its clients, its life.
class Process : public Watcher, public ShimLink::Listener {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    // The shim runs; its pid is known.
    virtual void OnHello(Process& process) = 0;
    virtual void OnStarted(Process& process) = 0;
    virtual void OnFailed(Process& process, const Failure& failure) = 0;
    // The pidfd is readable. The owner reaps.
    virtual void OnDead(Process& process) = 0;
  };
  enum class State { kStarting, kRunning, kFailed, kExited };

  Process(EventLoop& loop, Owner& owner, ProcessOptions options);
  ~Process() override;

  // Makes the pipes and the link to the shim; `child` is what the new process gets.
  Status Prepare(ChildStdio& child);
  // The process exists, or for init: may exist. False when it cannot be watched.
  bool Listen(pid_t pid, UniqueFd pidfd);
  // Lets the shim go on.
  void Release() { if (link_) link_->Release(); }
  // It is not to be started after all: ends it.
  void Abandon();
  void Attach(Attachment attachment);
  void Detach(ClientId client);
  bool attached(ClientId client) const;
  int Resize(uint32_t rows, uint32_t columns);
  int Signal(uint32_t number);
  // Kills it and what it started.
  void KillGroup();
  // How it ended, if it has; `keep` leaves the zombie to liblxc.
  std::optional<int> Reap(bool keep);
  // After its death: the rest of its output goes to the clients, stdin is closed.
  void Finish(int status);
  // Reads what the shim had to say before it is too late.
  void DrainLink() { if (link_) link_->Drain(); }
  // The same when it has been reaped: its number may be another's by now.
  void DrainReaped() {
    reaped_ = true;
    DrainLink();
  }

  void OnReady(int fd, uint32_t events) override;

  const std::string& id() const { return options_.id; }
  State state() const { return state_; }
  pid_t pid() const { return pid_; }
  int pidfd() const { return pidfd_.get(); }
  int status() const { return status_; }
  int64_t startedAt() const { return startedAt_; }
  int64_t endedAt() const { return endedAt_; }
  bool dead() const { return dead_; }
  // It runs or is a zombie, and nobody is told when it ends.
  bool unwatched() const { return pidfd_ && !watchingPid_ && !dead_; }
  bool holding() const { return (out_ && out_->holding()) || (err_ && err_->holding()); }
  bool idle() const { return (!out_ || out_->idle()) && (!err_ || err_->idle()); }
  bool capturing() const { return options_.capture; }
  std::string captured() const { return capture_.text(); }
  const std::vector<std::string>& warnings() const { return warnings_; }
  ClientId starter = 0;  // who is told that it started

 private:
  void OnShimHello(pid_t pid) override;
  void OnShimTerminal(UniqueFd master) override;
  void OnShimWarning(std::string text) override;
  void OnShimGone(bool failed, Failure failure) override;
  void WatchPid();

  EventLoop& loop_;
  Owner& owner_;
  ProcessOptions options_;
  State state_ = State::kStarting;
  pid_t pid_ = 0;
  UniqueFd pidfd_;
  bool reaped_ = false;
  bool watchingPid_ = false;
  int status_ = 0;
  bool dead_ = false;  // and reaped
  int64_t startedAt_ = 0, endedAt_ = 0;
  std::unique_ptr<ShimLink> link_;
  OutputCapture capture_;
  std::unique_ptr<InputStream> in_;
  std::unique_ptr<OutputStream> out_, err_;
  UniqueFd terminal_;
  std::vector<Attachment> early_;  // for a terminal that is not there yet
  uint32_t earlyRows_ = 0, earlyColumns_ = 0;
  std::vector<std::string> warnings_;
};

}  // namespace dockerlite
