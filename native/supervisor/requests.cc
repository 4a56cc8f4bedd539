// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include <cerrno>
#include <cstring>

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
    Process* target = Find(request->target);
    switch (type) {
      case FrameType::kAttach: error = DoAttach(client, *request, std::move(frame.fds)); break;
      case FrameType::kSignal: error = target && !over_ ? target->Signal(request->first) : ESRCH; break;
      case FrameType::kResize: error = target ? target->Resize(request->rows, request->columns) : ESRCH; break;
      case FrameType::kNetwork: error = DoNetwork(*request); break;
      case FrameType::kFreeze:
      case FrameType::kThaw:
        error = over_ || !started_ ? ESRCH : SetFrozen(CgroupsOf(init_->pid()), type == FrameType::kFreeze);
        break;
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
  network_.set_orders(request.network);
  return 0;
}

int Supervisor::DoAttach(Client& client, const Request& request, std::vector<UniqueFd> fds) {
  Process* target = Find(request.target);
  bool over = !target || target->state() == Process::State::kExited || target->state() == Process::State::kFailed;
  if (over_ || over) return ESRCH;
  Attachment attachment;
  if (!TakeStreams(client.id(), request.first, std::move(fds), attachment)) return EINVAL;
  if (request.rows && request.columns) target->Resize(request.rows, request.columns);
  target->Attach(std::move(attachment));
  watching_.push_back({client.id(), request.target});
  return 0;
}

void Supervisor::DoExec(Client& client, const Request& request, std::vector<UniqueFd> fds) {
  auto fail = [&](uint32_t error, const std::string& message) {
    wire::BodyWriter body;
    body.U32(1, static_cast<uint32_t>(FailureKind::kEngine)).U32(2, error).Bytes(3, message).Bytes(4, request.execId);
    client.Send(FrameType::kFailed, body.Take());
  };
  Attachment attachment;
  if (!started_ || over_) return fail(ESRCH, "the container is not running");
  if (!TakeStreams(client.id(), request.mask, std::move(fds), attachment)) return fail(EINVAL, "malformed stream mask");
  if (Find(request.execId)) return fail(EEXIST, "exec id in use");
  if (execs_.size() >= kMaxExecs) return fail(EMFILE, "too many execs at once");

  std::string payload = request.payload;
  bool privileged = request.flags & kPrivileged;
  if (!privileged) {  // no more than the container itself has
    uint64_t mask = PayloadCapabilities(payload).value_or(capabilities_.value_or(~0ull)) & container_.bounding;
    payload += wire::BodyWriter().U64(11, mask).Take();
  }
  ProcessOptions options;
  options.id = request.execId;
  options.tty = request.flags & kTty;
  options.openStdin = request.flags & kOpenStdin;
  options.stdinOnce = true;
  options.payload = payload;
  options.owner = StreamOwner();
  auto process = std::make_unique<Process>(loop_, *this, std::move(options));
  process->starter = client.id();
  if (Status started = StartExec(*process); !started) {
    const Error& error = started.error();
    return fail(static_cast<uint32_t>(error.code), error.message.empty() ? error.syscall + ": " + strerror(error.code)
                                                                         : error.message);
  }
  process->Attach(std::move(attachment));
  if (request.mask & (kStdoutBit | kStderrBit)) watching_.push_back({client.id(), request.execId});
  execs_.push_back(std::move(process));
}

Status Supervisor::StartExec(Process& process) {
  ChildStdio child;
  if (Status made = process.Prepare(child); !made) return made;
  Result<Entered> entered = Enter(container_, std::move(child));
  if (!entered) return entered.error();
  process.Listen(entered.value().pid, std::move(entered.value().pidfd));
  return Nothing{};
}

void Supervisor::DoStatus(Client& client) {
  wire::BodyWriter body;
  bool running = started_ && !over_;
  body.U32(1, running ? static_cast<uint32_t>(init_->pid()) : 0);
  body.U64(2, static_cast<uint64_t>(init_ ? init_->startedAt() : 0)).U32(5, static_cast<uint32_t>(getpid()));
  body.U32(6, running && IsFrozen(CgroupsOf(init_->pid())) ? 1 : 0);
  for (auto& exec : execs_)
    if (exec->state() == Process::State::kRunning) body.Bytes(4, exec->id());
  client.Send(FrameType::kState, body.Take());
}

}  // namespace dockerlite
