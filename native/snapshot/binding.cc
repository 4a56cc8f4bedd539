// SPDX-License-Identifier: Apache-2.0
#include "snapshot/binding.h"

#include "archive/start_job.h"
#include "snapshot/receive.h"
#include "snapshot/send.h"

namespace dockerlite::snapshot {
namespace {

using Info = Napi::CallbackInfo;
using Handle = std::shared_ptr<Receiver>;

constexpr napi_type_tag kReceiver = {0x5c0e6b1fd9a24c37, 0x9f1b7a60e2d84a15};

std::optional<std::string> OptionalPath(const Napi::Object& options, const char* name) {
  Napi::Value value = options.Get(name);
  if (value.IsUndefined()) return std::nullopt;
  return args::Path(value);
}

Napi::Value SendSnapshot(const Info& info) {
  SendRequest request;
  request.tree = args::Path(info[0]);
  auto target = std::make_shared<tree::ArchiveEnd>(tree::End(info[1]));
  auto options = args::Options(info, 2);
  request.parent = OptionalPath(options, "parent");
  request.description = args::String(options.Get("description"));
  auto work = [=](tree::Abort& abort) { return Send(request, std::move(*target), abort); };
  return tree::Start<uint64_t>(info, options, work, [](Napi::Env env, uint64_t& bytes) -> Napi::Value {
    return Napi::Number::New(env, static_cast<double>(bytes));
  });
}

Napi::Value OpenSnapshots(const Info& info) {
  auto source = std::make_shared<tree::ArchiveEnd>(tree::End(info[0]));
  auto work = [=](tree::Abort&) -> Result<Handle> {
    auto opened = Receiver::Open(std::move(*source));
    if (!opened) return opened.error();
    return Handle(std::move(opened.value()));
  };
  return tree::Start<Handle>(info, args::Options(info, 1), work, [](Napi::Env env, Handle& opened) -> Napi::Value {
    auto external = Napi::External<Handle>::New(env, new Handle(opened), [](Napi::Env, Handle* handle) { delete handle; });
    napi_type_tag_object(env, external, &kReceiver);
    return external;
  });
}

Handle& ToHandle(const Napi::Value& value) {
  bool is = false;
  if (value.IsExternal()) napi_check_object_type_tag(value.Env(), value, &kReceiver, &is);
  if (!is) throw Napi::TypeError::New(value.Env(), "expected what openSnapshots gave");
  Handle& handle = *value.As<Napi::External<Handle>>().Data();
  if (!handle) throw Napi::TypeError::New(value.Env(), "it is closed");
  return handle;
}

Napi::Value NextSnapshot(const Info& info) {
  Handle handle = ToHandle(info[0]);
  using Found = std::optional<std::string>;
  auto work = [handle](tree::Abort&) { return handle->Description(); };
  auto toJs = [](Napi::Env env, Found& found) -> Napi::Value {
    return found ? Napi::Buffer<char>::Copy(env, found->data(), found->size()).As<Napi::Value>() : env.Null();
  };
  return tree::Start<Found>(info, args::Options(info, 1), work, toJs, handle->abort());
}

Napi::Value ReceiveSnapshot(const Info& info) {
  Handle handle = ToHandle(info[0]);
  auto options = args::Options(info, 1);
  ReceiveRequest request;
  request.tree = OptionalPath(options, "tree");
  request.parent = OptionalPath(options, "parent");
  if (auto limit = tree::Limit(options, "maxBytes")) request.limits.bytes = *limit;
  if (auto limit = tree::Limit(options, "maxEntries")) request.limits.entries = *limit;
  if (auto limit = tree::Limit(options, "maxFileSize")) request.limits.file_size = *limit;
  auto work = [=](tree::Abort&) { return handle->Tree(request); };
  auto toJs = [](Napi::Env env, Applied& done) -> Napi::Value {
    auto result = Napi::Object::New(env);
    result.Set("entries", static_cast<double>(done.entries));
    result.Set("bytes", static_cast<double>(done.bytes));
    return result;
  };
  return tree::Start<Applied>(info, options, work, toJs, handle->abort());
}

// Waits for the thread that reads: not on the main one.
Napi::Value CloseSnapshots(const Info& info) {
  Handle& known = ToHandle(info[0]);
  auto handle = std::make_shared<Handle>(std::move(known));
  (*handle)->abort()->trigger();
  auto work = [handle](tree::Abort&) -> Result<Nothing> {
    handle->reset();
    return Nothing{};
  };
  return tree::Start<Nothing>(info, args::Options(info, 1), work, [](Napi::Env env, Nothing&) { return env.Undefined(); });
}

Napi::Value SnapshotsDigest(const Info& info) { return Napi::String::New(info.Env(), ToHandle(info[0])->digest()); }

}  // namespace

void Register(Napi::Env env, Napi::Object exports) {
  auto add = [&](const char* name, Napi::Value (*function)(const Info&)) { exports.Set(name, Napi::Function::New(env, function, name)); };
  add("sendSnapshot", SendSnapshot);
  add("openSnapshots", OpenSnapshots);
  add("nextSnapshot", NextSnapshot);
  add("receiveSnapshot", ReceiveSnapshot);
  add("snapshotsDigest", SnapshotsDigest);
  add("closeSnapshots", CloseSnapshots);
}

}  // namespace dockerlite::snapshot
