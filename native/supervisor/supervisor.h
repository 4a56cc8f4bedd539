// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "supervisor/client.h"
#include "supervisor/enter.h"
#include "supervisor/event_log.h"
#include "supervisor/json_log.h"
#include "supervisor/lxc_start.h"
#include "supervisor/messages.h"
#include "supervisor/network.h"
#include "supervisor/process.h"
#include "supervisor/run_dir.h"

namespace dockerlite {

// One container: from START until everything of it is gone.
class Supervisor : public Client::Owner, public Process::Owner, public Health::Owner, public Watcher {
 public:
  // `shim` is the host's init shim, for execs.
  Supervisor(StartRequest request, std::vector<UniqueFd> fds, UniqueFd shim);
  ~Supervisor() override;
  // Returns when the container is gone and its output delivered.
  void Run();

 private:
  // supervisor.cc: the container's life
  Status Prepare();
  Status PrepareInit();
  bool RunContainer();
  void Serve(int lxcEpoll);
  void BeginServing();
  void ResetStdio();
  StreamOwnerIds StreamOwner() const;
  void Turn();
  void HandleInitDeath();
  void RecordInitDeath(int status);
  void AbandonStart(Failure failure, std::vector<std::string> lines);
  void WriteExitRecord(int status, const std::string& error);
  std::string ExitedBody() const;
  void Linger();
  void Sweep();
  void OnReady(int fd, uint32_t events) override;
  void OnHello(Process& process) override;
  void OnStarted(Process& process) override;
  void OnFailed(Process& process, const Failure& failure) override;
  void OnDead(Process& process) override;
  void ReportExit(Process& process);
  void ReportDrained();
  void RecordDeath(const Process& process);
  void AddClient(UniqueFd fd);
  Client* FindClient(ClientId id);

  // restarts.cc: from one run to the next
  bool AwaitRestart();
  Status PrepareAgain();
  bool restarting() const { return restartDelay_.has_value(); }
  Status WriteState();

  // probes.cc: how the container is
  void StartProbe() override;
  void KillProbe() override;
  void DropProbe() override;
  void OnHealth(bool statusChanged) override;
  bool EndProbe(Process& process, int exitCode, const std::string& error);

  // requests.cc: what clients ask
  void OnFrame(Client& client, wire::Frame frame) override;
  int DoNetwork(const Request& request);
  int DoAttach(Client& client, const Request& request, std::vector<UniqueFd> fds);
  void DoExec(Client& client, const Request& request, std::vector<UniqueFd> fds);
  void DoStatus(Client& client);
  int DoSignal(const Request& request);
  int DoResize(const Request& request);
  int SignalInit(uint32_t number, bool stops);
  int DoFreeze(bool frozen);
  int SetPaused(bool paused);
  int DoRestartPolicy(const Request& request);
  int DoLimits(const Request& request);
  std::string ExecPayload(const std::string& payload, bool privileged);
  Process* Find(const std::string& id);
  Status StartExec(std::unique_ptr<Process> process);

  EventLoop loop_;
  StartRequest request_;
  std::string payloadGroup_;  // of the last run
  std::vector<UniqueFd> startFds_;
  std::optional<RunDir> runDir_;
  UniqueFd listener_;
  JsonLog log_;
  EventLog events_;
  std::unique_ptr<Process> init_;
  std::vector<std::unique_ptr<Process>> execs_;
  std::vector<std::unique_ptr<Client>> clients_;
  struct Watching {
    ClientId client;
    const Process* process;
  };
  std::vector<std::string> warnings_;  // of the start, for who started it
  std::vector<Watching> watching_;  // clients whose streams are not drained yet
  ClientId nextClient_ = 1;
  UniqueFd shimEnd_;
  UniqueFd idClaim_;
  std::optional<uint64_t> capabilities_;
  Container container_;
  Network network_{loop_, events_};
  RestartPolicy policy_;
  std::optional<int64_t> restartDelay_;  // init has ended, and runs again after so many nanoseconds
  std::unique_ptr<Health> health_;
  Process* probe_ = nullptr;   // one of execs_
  uint32_t pendingSignal_ = 0;  // for init, before there is one
  bool keepsState_ = false;    // somebody may read the state file
  bool paused_ = false;
  bool killed_ = false;    // init was sent SIGKILL
  bool stopping_ = false;  // `stop` is to be told of its end
  bool listening_ = false;
  bool serving_ = false;
  bool lxcReady_ = false;
  bool started_ = false;    // init's payload was executed
  bool oomKilled_ = false;
  bool over_ = false;     // init's end was reported, or the failure to start
};

}  // namespace dockerlite
