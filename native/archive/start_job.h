// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <napi.h>

#include <memory>
#include <optional>
#include <string>

#include "archive/fd_stream.h"
#include "archive/jobs.h"
#include "napi/args.h"
#include "napi/promise_worker.h"

namespace dockerlite::tree {

using JobsHandle = std::shared_ptr<Jobs>;

inline std::optional<uint64_t> Limit(const Napi::Object& options, const char* name) {
  Napi::Value value = options.Get(name);
  if (value.IsUndefined()) return std::nullopt;
  double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  if (!(number >= 0)) throw Napi::TypeError::New(options.Env(), std::string(name) + ": expected a number >= 0");
  return number >= 9e18 ? INT64_MAX : static_cast<uint64_t>(number);
}

// The descriptor is duplicated at once: the caller may close its own while the job still runs.
inline ArchiveEnd End(const Napi::Value& value) {
  Napi::Env env = value.Env();
  if (!value.IsObject()) throw Napi::TypeError::New(env, "expected { path } or { fd }");
  auto object = value.As<Napi::Object>();
  ArchiveEnd end;
  if (object.Has("fd")) {
    int own = ::fcntl(args::Int(object.Get("fd")), F_DUPFD_CLOEXEC, 3);
    if (own < 0) {
      Error error = Error::last("fcntl(F_DUPFD_CLOEXEC)");
      throw Napi::Error(env, ToJsError(env, error));
    }
    end.fd.reset(own);
  } else {
    end.path = args::Path(object.Get("path"));
  }
  return end;
}

// Runs `work(abort)` on a thread of its own, known by `options.job` while it does.
template <typename T, typename Work>
Napi::Value Start(const Napi::CallbackInfo& info, const Napi::Object& options, Work work,
                  typename PromiseThread<T>::ToJs toJs, std::shared_ptr<Abort> abort = std::make_shared<Abort>()) {
  JobsHandle jobs = *info.Env().GetInstanceData<JobsHandle>();
  Napi::Value job = options.Get("job");
  uint32_t id = job.IsNumber() ? job.As<Napi::Number>().Uint32Value() : 0;
  jobs->start(id, abort);
  auto run = [jobs, id, abort, work = std::move(work)]() -> Result<T> {
    auto result = work(*abort);
    jobs->finished(id, abort);
    return result;
  };
  return PromiseThread<T>::Start(info.Env(), std::move(run), std::move(toJs));
}

}  // namespace dockerlite::tree
