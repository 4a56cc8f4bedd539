// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <signal.h>

#include <cerrno>

#include "supervisor/cgroup.h"
#include "supervisor/supervisor.h"

namespace dockerlite {
namespace {

constexpr size_t kMaxExecs = 1024;

}  // namespace

Process* Supervisor::Find(const std::string& id) {
  if (id.empty()) return init_.get();
  for (auto& exec : execs_)
    if (exec->id() == id) return exec.get();
  return nullptr;
}

void Supervisor::OnFrame(Client& client, wire::Frame frame) {
  auto type = static_cast<FrameType>(frame.type);
  std::optional<Request> request = ParseRequest(type, frame.body);
  int error = EBADMSG;
  if (type == FrameType::kExec) {
    if (request) return DoExec(client, *request, std::move(frame.fds));
  } else if (type == FrameType::kStatus) {
    return DoStatus(client);
  } else if (request) {
    switch (type) {
      case FrameType::kAttach: error = DoAttach(client, *request, std::move(frame.fds)); break;
      case FrameType::kSignal: error = DoSignal(*request); break;
      case FrameType::kResize: error = DoResize(*request); break;
      case FrameType::kNetwork: error = DoNetwork(*request); break;
      case FrameType::kFreeze:
      case FrameType::kThaw: error = DoFreeze(type == FrameType::kFreeze); break;
      case FrameType::kRestartPolicy: error = DoRestartPolicy(*request); break;
      case FrameType::kLimits: error = DoLimits(*request); break;
      case FrameType::kAttributes:
        events_.SetAttributes(request->attributes);
        error = 0;
        break;
      default: error = EOPNOTSUPP;
    }
  }
  client.Send(FrameType::kDone, wire::BodyWriter().U32(1, static_cast<uint32_t>(error)).Take());
}

// The client has changed the networks of the running container.
int Supervisor::DoNetwork(const Request& request) {
  if (over_ || !started_) return ESRCH;
  Status changed = network_.Change(init_->pid(), request.network);
  return changed ? 0 : changed.error().code;
}

int Supervisor::DoAttach(Client& client, const Request& request, std::vector<UniqueFd> fds) {
  Process* target = Find(request.target);
  bool over = !target || target->state() == Process::State::kExited || target->state() == Process::State::kFailed;
  if (over_ || over) return ESRCH;
  Attachment attachment;
  if (!TakeStreams(client.id(), request.first, std::move(fds), attachment)) return EINVAL;
  if (request.rows && request.columns) target->Resize(request.rows, request.columns);
  target->Attach(std::move(attachment));
  watching_.push_back({client.id(), target});
  if (target == init_.get()) events_.Record("attach");
  return 0;
}

int Supervisor::DoResize(const Request& request) {
  Process* target = Find(request.target);
  if (!target) return ESRCH;
  if (int error = target->Resize(request.rows, request.columns)) return error;
  if (target == init_.get())
    events_.Record("resize", {{"height", std::to_string(request.rows)}, {"width", std::to_string(request.columns)}});
  return 0;
}

int Supervisor::DoSignal(const Request& request) {
  Process* target = Find(request.target);
  if (!target || target != init_.get()) return target ? target->Signal(request.first) : ESRCH;
  if (request.final) policy_.Cancel();
  if (over_ && !restarting()) return ESRCH;
  stopping_ |= request.stop;
  if (restarting()) return 0;  // nothing runs: at most the wait for the next run ends
  // What comes before the command itself would be lost on the init shim.
  if (started_ || (request.first == SIGKILL && target->pidfd() >= 0)) return SignalInit(request.first, request.final);
  pendingSignal_ = request.first;
  return 0;
}

// Who stops a container thaws it too: in one step with the signal, so that neither a client's death nor another's FREEZE comes
// in between. With control groups v1 a frozen process does not even die before it runs again.
int Supervisor::SignalInit(uint32_t number, bool stops) {
  const bool thaws = started_ && (stops || number == SIGKILL);
  const std::vector<Cgroup> groups = thaws ? CgroupsOf(init_->pid()) : std::vector<Cgroup>();
  if (int error = init_->Signal(number)) return error;
  if (number == SIGKILL) killed_ = true;
  if (started_) events_.Record("kill", {{"signal", std::to_string(number)}});
  if (thaws) SetFrozen(groups, false);
  if (thaws && paused_) SetPaused(false);
  return 0;
}

int Supervisor::DoFreeze(bool frozen) {
  if (over_ || !started_ || killed_) return ESRCH;
  const std::vector<Cgroup> groups = CgroupsOf(init_->pid());
  // Somebody else may have frozen or thawed it: what is asked for is done all the same.
  if (paused_ == frozen && IsFrozen(groups) == frozen) return EALREADY;
  int error = SetFrozen(groups, frozen);
  if (!error) error = SetPaused(frozen);
  if (error && frozen) SetFrozen(groups, false);  // some of its processes may have stopped
  return error;
}

// Its state says so from here on. No other process knows, or notes it: a client may be killed at any moment.
int Supervisor::SetPaused(bool paused) {
  const bool changed = paused != paused_;
  keepsState_ = true;
  paused_ = paused;
  if (Status written = WriteState(); !written) {
    if (changed) paused_ = !paused;
    return written.error().code;
  }
  if (health_ && changed) paused ? health_->Pause() : health_->Resume();
  events_.Record(paused ? "pause" : "unpause");
  return 0;
}

int Supervisor::DoRestartPolicy(const Request& request) {
  if (!request_.restart) return EOPNOTSUPP;
  policy_.Set(request.restart);
  keepsState_ = true;
  WriteState();
  return 0;
}

// What the next run is limited to. The control groups of this one the client has changed itself.
int Supervisor::DoLimits(const Request& request) {
  if (!request_.restart) return 0;
  for (auto& limit : request.limits) {
    const std::string key = limit.substr(0, limit.find('=') + 1);
    std::erase_if(request_.config, [&](const std::string& item) { return !key.empty() && item.starts_with(key); });
  }
  request_.config.insert(request_.config.end(), request.limits.begin(), request.limits.end());
  return 0;
}

// No more than the container itself has.
std::string Supervisor::ExecPayload(const std::string& payload, bool privileged) {
  // What could not be read of it when it started may be by now.
  if (container_.initPidfd < 0) (void)Inspect(init_->pid(), init_->pidfd(), container_);
  if (privileged) return payload;
  uint64_t mask = PayloadCapabilities(payload).value_or(capabilities_.value_or(~0ull)) & container_.bounding;
  return payload + wire::BodyWriter().U64(11, mask).Take();
}

void Supervisor::DoExec(Client& client, const Request& request, std::vector<UniqueFd> fds) {
  auto fail = [&](uint32_t error, const std::string& message) {
    wire::BodyWriter body;
    body.U32(1, static_cast<uint32_t>(FailureKind::kEngine)).U32(2, error).Bytes(3, message).Bytes(4, request.execId);
    client.Send(FrameType::kFailed, body.Take());
  };
  Attachment attachment;
  if (!started_ || over_) return fail(ESRCH, "the container is not running");
  // The new process would stop before it is the container's, and with it whatever waits for its start.
  if (paused_) return fail(EBUSY, "Container " + request_.id + " is paused, unpause the container before exec");
  if (!TakeStreams(client.id(), request.mask, std::move(fds), attachment)) return fail(EINVAL, "malformed stream mask");
  if (Find(request.execId)) return fail(EEXIST, "exec id in use");
  if (execs_.size() >= kMaxExecs) return fail(EMFILE, "too many execs at once");

  const std::string payload = ExecPayload(request.payload, request.flags & kPrivileged);
  ProcessOptions options;
  options.id = request.execId;
  options.tty = request.flags & kTty;
  options.openStdin = request.flags & kOpenStdin;
  options.stdinOnce = true;
  options.payload = payload;
  options.owner = StreamOwner();
  auto made = std::make_unique<Process>(loop_, *this, std::move(options));
  Process& process = *made;
  process.starter = client.id();
  if (Status started = StartExec(std::move(made)); !started) {
    return fail(static_cast<uint32_t>(started.error().code), Explain(started.error()));
  }
  process.Attach(std::move(attachment));
  if (request.mask & (kStdoutBit | kStderrBit)) watching_.push_back({client.id(), &process});
  const std::string line = PayloadCommand(request.payload);
  for (const char* action : {"exec_create: ", "exec_start: "}) events_.Record(action + line, {{"execID", request.execId}});
}

Status Supervisor::StartExec(std::unique_ptr<Process> process) {
  ChildStdio child;
  if (Status made = process->Prepare(child); !made) return made;
  Result<Entered> entered = Enter(container_, std::move(child));
  if (!entered) return entered.error();
  // Until it is reaped init cannot end, so it is kept in any case.
  execs_.push_back(std::move(process));
  if (execs_.back()->Listen(entered.value().pid, std::move(entered.value().pidfd))) return Nothing{};
  const Error error = Error::last("epoll_ctl");
  execs_.back()->Abandon();
  return error;
}

void Supervisor::DoStatus(Client& client) {
  wire::BodyWriter body;
  bool running = started_ && !over_;
  body.U32(1, running ? static_cast<uint32_t>(init_->pid()) : 0);
  body.U64(2, static_cast<uint64_t>(init_ ? init_->startedAt() : 0)).U32(5, static_cast<uint32_t>(getpid()));
  body.U32(6, running && IsFrozen(CgroupsOf(init_->pid())) ? 1 : 0);
  body.U64(8, network_.refusedNames());
  for (auto& exec : execs_)
    if (exec->state() == Process::State::kRunning && exec.get() != probe_) body.Bytes(4, exec->id());
  client.Send(FrameType::kState, body.Take());
}

}  // namespace dockerlite
