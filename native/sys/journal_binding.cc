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
  Status done = AppendEvent(args::Path(info[0]), args::String(info[1]), rotation);
  if (!done) throw Napi::Error(info.Env(), ToJsError(info.Env(), done.error()));
}

}  // namespace

void RegisterJournal(Napi::Env env, Napi::Object exports) {
  exports.Set("appendEvent", Napi::Function::New(env, Append, "appendEvent"));
}

}  // namespace dockerlite
