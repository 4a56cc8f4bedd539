// SPDX-License-Identifier: Apache-2.0
#include <napi.h>

#include "btrfs/binding.h"
#include "supervisor-client/binding.h"
#include "sys/journal_binding.h"
#include "sys/terminal_binding.h"

// Registers the areas; nothing else happens here. The areas that need a library of the system
// (libarchive, libnftables, liblxc) are addons of their own, so that one which is missing, or
// not needed by a command, costs nothing.
static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  dockerlite::RegisterBtrfs(env, exports);
  dockerlite::RegisterSystem(env, exports);
  dockerlite::RegisterQuota(env, exports);
  dockerlite::RegisterSupervisorClient(env, exports);
  dockerlite::RegisterTerminal(env, exports);
  dockerlite::RegisterJournal(env, exports);
  return exports;
}

NODE_API_MODULE(dockerlite, Init)
