// SPDX-License-Identifier: Apache-2.0
#include "sys/journal_binding.h"

#include "napi/args.h"
#include "napi/errors.h"
#include "sys/journal.h"

namespace dockerlite {
namespace {

// On Node's own thread: the file is in memory, and nobody holds its lock for longer than it takes to write a line.
void Append(const Napi::CallbackInfo& info) {
  const Napi::Object options = args::Options(info, 2);
  JournalRotation rotation;
  if (options.Has("size")) rotation.size = static_cast<uint64_t>(args::Int64(options.Get("size")));
  if (options.Has("keep")) rotation.keep = args::Int64(options.Get("keep"));
  Status done = AppendLine(args::Path(info[0]), args::String(info[1]), rotation);
  if (!done) throw Napi::Error(info.Env(), ToJsError(info.Env(), done.error()));
}

Napi::Value Timed(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), TimedEvent(args::String(info[0]))); }

}  // namespace

void RegisterJournal(Napi::Env env, Napi::Object exports) {
  exports.Set("appendLine", Napi::Function::New(env, Append, "appendLine"));
  exports.Set("timedEvent", Napi::Function::New(env, Timed, "timedEvent"));
}

}  // namespace dockerlite
