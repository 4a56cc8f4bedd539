// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "supervisor/health.h"
#include "supervisor/network.h"
#include "supervisor/restart_policy.h"

namespace dockerlite {

enum class FrameType : uint16_t {
  kStart = 1, kAttach = 2, kExec = 3, kSignal = 4, kResize = 5, kStatus = 6, kFreeze = 7, kThaw = 8, kPrepare = 9,
  kRestartPolicy = 10, kLimits = 17, kNetwork = 18, kAttributes = 19,
  kStarted = 32, kFailed = 33, kExited = 34, kState = 35, kDone = 36, kDrained = 37,
};

enum StartFlag : uint32_t { kTty = 1, kOpenStdin = 2, kStdinOnce = 4, kBecome = 8, kPrivileged = 16, kRestart = 32 };

enum ExitedFlag : uint32_t { kExitedOom = 1, kExitedRestarting = 2 };

struct StartRequest {
  std::string id, runDir, logPath, exitPath, payload;
  std::string journal;     // path of the store's events; empty: none are written
  std::string attributes;  // of its events: the members of a JSON object
  std::vector<std::string> config;
  // Path and content of what the container is to find under /etc.
  std::vector<std::pair<std::string, std::string>> files;
  uint32_t flags = 0;
  uint64_t logMaxSize = 0;
  uint32_t logMaxFiles = 0;
  uint32_t lowestIds = 0, highestIds = 0;  // ranges to take instead of one in use
  uint32_t mask = 0;  // streams attached from the start
  NetworkOrders network;
  std::optional<RestartOrders> restart;  // absent: never, whatever is asked later
  HealthOrders health;
};

// Every request but START: the fields they share have the same tags.
struct Request {
  uint32_t first = 0;  // stream mask of ATTACH, signal of SIGNAL
  uint32_t rows = 0, columns = 0;
  std::string target;  // exec id of ATTACH, SIGNAL, RESIZE; empty: init
  std::string execId;  // EXEC
  std::string payload;
  uint32_t flags = 0;
  uint32_t mask = 0;
  std::string attributes;  // ATTRIBUTES
  NetworkOrders network;  // NETWORK
  bool final = false;      // SIGNAL: the user stops the container
  bool stop = false;       // SIGNAL: by the verb of that name
  RestartOrders restart;   // RESTART_POLICY
  std::vector<std::string> limits;  // LIMITS
};

// nullopt for anything malformed.
std::optional<StartRequest> ParseStart(std::string_view body);
std::optional<Request> ParseRequest(FrameType type, std::string_view body);

// Raises this process's own hard limits to those in a payload, as far as it may: a container's root, without the right to,
// inherits them.
void RaiseHardLimits(std::string_view payload);

// What a payload executes, its words with spaces between.
std::string PayloadCommand(std::string_view payload);

// The capability mask in a payload; nullopt when it keeps what there is.
std::optional<uint64_t> PayloadCapabilities(std::string_view payload);

}  // namespace dockerlite
