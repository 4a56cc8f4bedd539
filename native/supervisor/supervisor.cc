// SPDX-License-Identifier: Apache-2.0
#include "supervisor/supervisor.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "supervisor/cgroup_remains.h"
#include "supervisor/child_death.h"
#include "supervisor/host_mounts.h"
#include "supervisor/id_claim.h"
#include "supervisor/lxc_cgroups.h"
#include "supervisor/oom.h"
#include "supervisor/own_root.h"
#include "supervisor/shared_root.h"
#include "sys/process_times.h"

namespace dockerlite {
namespace {

constexpr const char* kShim = "/dev/.dockerlite/init";

std::string DirName(const std::string& path) {
  size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Deaf to this, it could not end the container in order either: the kernel ends it, and whoever looks next clears up.
void Require(bool watched) {
  if (!watched) _exit(125);
}

// The code a shell shows.
int ExitCode(int status) { return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }

Failure EngineFailure(const Error& error) {
  std::string text = error.message.empty() ? strerror(error.code) : error.message;
  if (!error.path.empty()) text = error.path + ": " + text;
  return {FailureKind::kEngine, static_cast<uint32_t>(error.code), error.syscall + ": " + text};
}

}  // namespace

Supervisor::Supervisor(StartRequest request, std::vector<UniqueFd> fds, UniqueFd shim)
    : request_(std::move(request)),
      startFds_(std::move(fds)),
      events_(std::move(request_.journal), request_.id, std::move(request_.attributes)) {
  container_.shim = std::move(shim);
}

Supervisor::~Supervisor() = default;

Status Supervisor::Prepare() {
  if (Status rooted = EnterOwnRoot(container_.shim); !rooted) return rooted;
  Result<RunDir> dir = RunDir::Claim(request_.runDir);
  if (!dir) return dir.error();
  runDir_ = std::move(dir.value());
  listener_ = runDir_->TakeListener();
  Result<UniqueFd> claim = ClaimIds(request_.config, request_.lowestIds, request_.highestIds);
  if (!claim) return claim.error();
  idClaim_ = std::move(claim.value());
  container_.ids = IdmapOf(request_.config);
  for (auto& [path, text] : request_.files)
    if (Status written = WriteText(path, text, container_.ids.rootUser, container_.ids.rootGroup); !written) return written;
  if (!request_.logPath.empty()) {
    log_ = JsonLog(request_.logPath, request_.logMaxSize, request_.logMaxFiles);
    if (!log_.open()) return Error::last("open", request_.logPath);
  }

  network_.set_orders(std::move(request_.network));
  if (Status claimed = network_.ClaimPorts(network_.orders().ports); !claimed) return claimed;
  if (Status published = network_.Publish(request_.id); !published) return published;

  if (request_.restart) policy_.Set(*request_.restart);
  if (!request_.health.payload.empty()) health_ = std::make_unique<Health>(loop_, *this, std::move(request_.health));
  keepsState_ = health_ || (request_.restart && request_.restart->kind != RestartKind::kNever);
  if (Status made = PrepareInit(); !made) return made;
  capabilities_ = PayloadCapabilities(request_.payload);
  Attachment attachment;
  if (!TakeStreams(1, request_.mask, std::move(startFds_), attachment))
    return Error{EINVAL, "START", {}, "mask and descriptors do not agree"};
  init_->Attach(std::move(attachment));
  if (request_.mask & (kStdoutBit | kStderrBit)) watching_.push_back({1, init_.get()});
  if (request_.mask) events_.Record("attach");
  return Nothing{};
}

// Its stdio is this process's until liblxc has cloned.
Status Supervisor::PrepareInit() {
  ProcessOptions options;
  options.tty = request_.flags & kTty;
  options.openStdin = request_.flags & kOpenStdin;
  options.stdinOnce = request_.flags & kStdinOnce;
  options.payload = request_.payload;
  options.hold = network_.orders().Inside();
  options.log = log_.open() ? &log_ : nullptr;
  options.owner = StreamOwner();
  init_ = std::make_unique<Process>(loop_, *this, std::move(options));
  RaiseHardLimits(request_.payload);
  ChildStdio child;
  if (Status made = init_->Prepare(child); !made) return made;
  // liblxc's clone inherits these; BeginServing puts /dev/null back.
  if (dup2(child.in.get(), 0) < 0 || dup2(child.out.get(), 1) < 0 || dup2(child.err.get(), 2) < 0)
    return Error::last("dup2");
  shimEnd_ = std::move(child.shim);
  // Closed by the exec it would say that the command runs.
  if (fcntl(shimEnd_.get(), F_SETFD, 0) != 0) return Error::last("fcntl");
  return Nothing{};
}

StreamOwnerIds Supervisor::StreamOwner() const { return {container_.ids.rootUser, container_.ids.rootGroup}; }

void Supervisor::Run() {
  AddClient(std::move(startFds_[0]));
  startFds_.erase(startFds_.begin());
  if (clients_.front()->gone()) return;
  Status ready = Prepare();
  // From here on this process can be found by who looks after its client's death; before, it could not, and the container
  // may have been given up already.
  const bool orphan = ready && clients_.front()->gone();
  while (ready && !orphan && RunContainer() && AwaitRestart()) ready = PrepareAgain();
  if (!ready || orphan) {
    if (!orphan) AbandonStart(EngineFailure(ready.error()), {});
    ResetStdio();
    if (init_) init_->Finish(0);
  }
  // It tells whoever looks next that there is something left.
  if (runDir_ && (payloadGroup_.empty() || RemoveCgroups(payloadGroup_))) runDir_->Remove();
  Linger();
}

// Whether it is to run again.
bool Supervisor::RunContainer() {
  std::vector<std::string> config = request_.config;
  if (!request_.restart) {
    std::vector<std::string>().swap(request_.config);
    std::string().swap(request_.payload);
  }
  // Who may not mount has no way to them.
  const bool delegates = capabilities_.value_or(~0ull) & 1ull << CAP_SYS_ADMIN;
  const bool first = runDir_->isNew() && payloadGroup_.empty();
  payloadGroup_ = first ? PayloadGroup(request_.id) : FreePayloadGroup(request_.id);
  LxcStart lxc(request_.id, DirName(request_.runDir), payloadGroup_, runDir_->file("lxc.log"), delegates);
  Status configured = OpenHostMounts(container_.ids, config, warnings_);
  if (configured) configured = OpenSharedRoot(container_.ids, config);
  if (configured) configured = lxc.Configure(config);
  std::vector<std::string>().swap(config);
  if (!configured) {
    AbandonStart(EngineFailure(configured.error()), lxc.LogLines());
  } else {
    std::optional<int> status = lxc.Run(kShim, shimEnd_.get(), [this](int epoll) { Serve(epoll); });
    // liblxc sees that init has died when it looks at the end of any process, an exec's too: perhaps just after we looked, and
    // before we knew that it had begun.
    if (!over_ && status) init_->DrainReaped();
    if (!over_ && started_ && status) RecordInitDeath(*status);
    if (!over_) AbandonStart({FailureKind::kEngine, 0, "liblxc could not start the container"}, lxc.LogLines());
  }
  ResetStdio();
  CloseHostMounts();
  if (!init_->dead()) init_->Finish(0);
  return restarting();
}

void Supervisor::ResetStdio() {
  UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  for (int fd = 0; fd < 3; fd++) dup2(null.get(), fd);
  shimEnd_.reset();
}

// Puts this process in order once liblxc has cloned: the container has its own copies.
void Supervisor::BeginServing() {
  serving_ = true;
  ResetStdio();
  CloseHostMounts();
  // liblxc passes every signal it is sent on to the container; SIGPIPE here is about our own clients.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  sigprocmask(SIG_UNBLOCK, &pipe, nullptr);
  if (!listening_) Require(listening_ = loop_.Watch(listener_.get(), EPOLLIN, this));
  Require(init_->Listen(0, {}));
}

void Supervisor::Serve(int lxcEpoll) {
  if (!serving_) BeginServing();
  lxcReady_ = false;
  Require(loop_.Watch(lxcEpoll, EPOLLIN, this));
  while (!lxcReady_) Turn();
  loop_.Forget(lxcEpoll);
  // What liblxc has to hear may be init's death, which it will clean up after at once: report first.
  if (!over_) HandleInitDeath();
  log_.Flush();
  Sweep();
}

void Supervisor::Turn() {
  loop_.Turn();
  log_.Flush();
  Sweep();
}

void Supervisor::OnReady(int fd, uint32_t) {
  if (listener_ && fd == listener_.get()) {
    UniqueFd peer(accept4(fd, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (peer) AddClient(std::move(peer));
  } else {
    lxcReady_ = true;
  }
}

void Supervisor::AddClient(UniqueFd fd) {
  clients_.push_back(std::make_unique<Client>(loop_, *this, std::move(fd), nextClient_++));
}

Client* Supervisor::FindClient(ClientId id) {
  for (auto& client : clients_)
    if (client->id() == id && !client->dead()) return client.get();
  return nullptr;
}

// Nothing of the container has run yet: what has to be there first is done now.
void Supervisor::OnHello(Process& process) {
  if (&process != init_.get()) return;
  if (process.pidfd() < 0) {  // it could be neither watched nor ended
    const Error error = Error::last("pidfd_open");
    process.Abandon();
    return AbandonStart(EngineFailure(error), {});
  }
  if (!network_.orders().Inside()) return;
  if (Status configured = network_.PlugIn(process.pid()); !configured) {
    process.Abandon();
    AbandonStart(EngineFailure(configured.error()), {});
  } else {
    process.Release();
  }
}

void Supervisor::OnStarted(Process& process) {
  wire::BodyWriter body;
  body.U32(1, static_cast<uint32_t>(process.pid())).U64(2, static_cast<uint64_t>(process.startedAt()));
  if (!process.id().empty()) body.Bytes(4, process.id());
  body.U32(5, static_cast<uint32_t>(getpid())).U64(7, StartTime(getpid()));
  for (auto& warning : process.warnings()) body.Bytes(6, warning);
  if (&process == init_.get()) {
    for (auto& warning : warnings_) body.Bytes(6, warning);
    std::vector<std::string>().swap(warnings_);
    started_ = true;
    events_.Record("start");
    if (request_.flags & kRestart) events_.Record("restart");
    request_.flags &= ~kRestart;  // what its restart policy does is a start
    (void)Inspect(process.pid(), process.pidfd(), container_);  // an exec says that it failed
    process.starter = 1;
    if (uint32_t number = std::exchange(pendingSignal_, 0)) SignalInit(number, false);
    if (health_) health_->Begin();
    WriteState();
  }
  if (Client* client = FindClient(process.starter)) client->Send(FrameType::kStarted, body.Take());
}

static std::string FailedBody(const Failure& failure, const std::string& exec, const std::vector<std::string>& lines) {
  wire::BodyWriter body;
  body.U32(1, static_cast<uint32_t>(failure.kind)).U32(2, failure.error).Bytes(3, failure.message);
  if (!exec.empty()) body.Bytes(4, exec);
  for (auto& line : lines) body.Bytes(5, line);
  return body.Take();
}

void Supervisor::OnFailed(Process& process, const Failure& failure) {
  if (&process == init_.get()) {
    if (process.pid() <= 0) EndChildren();  // it may have its orders, and nothing else of this process's is there yet
    return AbandonStart(failure, {});
  }
  if (EndProbe(process, -1, failure.message)) return;
  if (Client* client = FindClient(process.starter))
    client->Send(FrameType::kFailed, FailedBody(failure, process.id(), {}));
}

void Supervisor::AbandonStart(Failure failure, std::vector<std::string> lines) {
  over_ = true;
  int status = failure.kind == FailureKind::kNotFound ? 127 : failure.kind == FailureKind::kNotExecutable ? 126 : 125;
  if (runDir_) {
    network_.Release();
    network_.RemoveLinks();
  }
  if (runDir_) WriteExitRecord(status << 8, failure.message);
  if (Client* client = FindClient(1)) client->Send(FrameType::kFailed, FailedBody(failure, {}, lines));
}

void Supervisor::OnDead(Process& process) {
  process.DrainLink();
  if (&process == init_.get()) return HandleInitDeath();
  std::optional<int> status = process.Reap(false);
  if (!status) return;
  bool failed = process.state() == Process::State::kFailed;
  process.Finish(*status);
  if (failed || EndProbe(process, ExitCode(*status), {})) return;
  RecordDeath(process);
  ReportExit(process);
}

static std::string ExitedBody(const Process& process, uint32_t flags) {
  wire::BodyWriter body;
  body.U32(1, static_cast<uint32_t>(process.status())).U64(2, static_cast<uint64_t>(process.endedAt()));
  if (!process.id().empty()) body.Bytes(4, process.id());
  return body.U32(3, flags).U64(20, static_cast<uint64_t>(process.startedAt())).Take();
}

// Of init.
std::string Supervisor::ExitedBody() const {
  uint32_t flags = 0;
  if (oomKilled_) flags |= kExitedOom;
  if (restarting()) flags |= kExitedRestarting;
  return dockerlite::ExitedBody(*init_, flags);
}

void Supervisor::ReportExit(Process& process) {
  std::string bytes = &process == init_.get() ? ExitedBody() : dockerlite::ExitedBody(process, 0);
  for (auto& client : clients_) {
    bool concerned = process.id().empty() || client->id() == process.starter;
    for (auto& entry : watching_) concerned = concerned || (entry.client == client->id() && entry.process == &process);
    if (concerned && !client->dead()) client->Send(FrameType::kExited, bytes);
  }
}

void Supervisor::HandleInitDeath() {
  init_->DrainLink();
  std::optional<int> status = init_->Reap(true);
  if (!status) return;
  init_->DrainLink();  // what it had to say between the two
  if (!over_) RecordInitDeath(*status);
}

void Supervisor::RecordInitDeath(int status) {
  over_ = true;
  if (health_) health_->End();
  for (auto& exec : execs_)
    if (exec->state() != Process::State::kExited) OnDead(*exec);
  init_->Finish(status);
  log_.Flush();
  oomKilled_ = OomKilled(request_.id);
  // Before the record of the exit: whoever finds none looks for the event before it writes its own.
  RecordDeath(*init_);
  if (started_) restartDelay_ = policy_.Next(status, init_->endedAt() - init_->startedAt());
  if (restarting()) {
    WriteState();
  } else {
    network_.Release();
    WriteExitRecord(status, "");
  }
  ReportExit(*init_);
  ReportDrained();
  if (!restarting()) network_.RemoveLinks();
}

void Supervisor::RecordDeath(const Process& process) {
  if (!started_) return;
  const int status = process.status();
  const std::string code = std::to_string(ExitCode(status));
  if (!process.id().empty()) return events_.Record("exec_die", {{"execID", process.id()}, {"exitCode", code}});
  if (oomKilled_) events_.Record("oom");
  const int64_t seconds = (process.endedAt() - process.startedAt()) / 1'000'000'000;
  events_.Record("die", {{"execDuration", std::to_string(seconds)}, {"exitCode", code}});
  if (stopping_) events_.Record("stop");
}

void Supervisor::WriteExitRecord(int status, const std::string& error) {
  if (request_.exitPath.empty()) return;
  std::string text = "{\"status\":" + std::to_string(status) + ",\"startedAt\":\"" +
                     std::to_string(init_ ? init_->startedAt() : 0) + "\",\"finishedAt\":\"" + std::to_string(init_ && init_->dead() ? init_->endedAt() : NowNs()) +
                     "\",\"oomKilled\":" + (oomKilled_ ? "true" : "false") + ",\"error\":\"";
  AppendJson(text, error);
  text += "\",\"restartCount\":" + std::to_string(policy_.count());
  if (health_) text += ",\"health\":" + health_->Json();
  text += "}\n";
  // Nothing to be done about a failure: whoever looks finds no record, and says that the end is unknown.
  WriteAtomically(request_.exitPath, text);
}

// Clients learn when everything a finished process wrote has reached their descriptors.
void Supervisor::ReportDrained() {
  std::erase_if(watching_, [&](Watching& entry) {
    const Process& process = *entry.process;
    bool finished = process.state() == Process::State::kExited || process.state() == Process::State::kFailed;
    if (!finished || process.attached(entry.client)) return false;
    wire::BodyWriter body;
    if (!process.id().empty()) body.Bytes(4, process.id());
    if (Client* client = FindClient(entry.client)) client->Send(FrameType::kDrained, body.Take());
    return true;
  });
}

void Supervisor::Sweep() {
  for (size_t i = 0; i < clients_.size(); i++) {
    if (!clients_[i]->dead()) continue;
    ClientId id = clients_[i]->id();
    if (init_) init_->Detach(id);
    for (auto& exec : execs_) exec->Detach(id);
    std::erase_if(watching_, [&](auto& entry) { return entry.client == id; });
  }
  ReportDrained();
  std::erase_if(clients_, [](auto& client) { return client->dead(); });
  for (auto& exec : execs_) {
    std::optional<int> status = exec->unwatched() ? exec->Reap(false) : std::nullopt;
    if (status) exec->Finish(*status);
  }
  // None of these is watched any more.
  std::erase_if(execs_, [](auto& exec) {
    return exec->dead() && exec->idle() && !exec->holding();
  });
}

// The container is gone. Clients that are behind get the rest of its output and of their frames; the others' connections
// close now.
void Supervisor::Linger() {
  // Who connected while liblxc was cleaning up still wants to know.
  for (UniqueFd peer; listener_ && (peer = UniqueFd(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)));) {
    AddClient(std::move(peer));
    if (started_) clients_.back()->Send(FrameType::kExited, ExitedBody());
  }
  loop_.Forget(listener_.get());
  listener_.reset();
  for (;;) {
    Sweep();
    std::erase_if(clients_, [&](auto& client) {
      bool reading = client->pending();
      for (auto& entry : watching_) reading = reading || entry.client == client->id();
      return !reading;
    });
    bool idle = (!init_ || init_->idle()) && clients_.empty();
    for (auto& exec : execs_) idle = idle && exec->idle();
    if (idle) return;
    Turn();
  }
}

}  // namespace dockerlite
