// SPDX-License-Identifier: Apache-2.0
#include "btrfs/binding.h"

#include "btrfs/nested.h"
#include "btrfs/send_diff.h"
#include "btrfs/snapshot_batch.h"
#include "btrfs/subvolume.h"
#include "napi/args.h"
#include "napi/promise_worker.h"

namespace dockerlite {
namespace {

using Info = Napi::CallbackInfo;

Napi::Value ToUndefined(Napi::Env env, Nothing&) { return env.Undefined(); }

Napi::Value SubvolumeCreate(const Info& info) {
  return PromiseWorker<Nothing>::Queue(
      info.Env(),
      [parent = args::Path(info[0]), name = args::Path(info[1])] { return btrfs::CreateSubvolume(parent, name); },
      ToUndefined);
}

Napi::Value SnapshotCreate(const Info& info) {
  return PromiseWorker<Nothing>::Queue(
      info.Env(),
      [source = args::Path(info[0]), parent = args::Path(info[1]), name = args::Path(info[2]),
       readonly = args::Bool(info[3])] { return btrfs::CreateSnapshot(source, parent, name, readonly); },
      ToUndefined);
}

// And the directory it goes into.
Napi::Value SnapshotCreateWithParent(const Info& info) {
  return PromiseWorker<Nothing>::Queue(
      info.Env(),
      [request = btrfs::SnapshotRequest{args::Path(info[0]), args::Path(info[1]), args::Path(info[2]),
                                        args::Bool(info[3])}]() -> Status {
        std::optional<Error> failure = btrfs::SnapshotBatch({request}, 1).front();
        return failure ? Status(std::move(*failure)) : Status(Nothing{});
      },
      ToUndefined);
}

btrfs::SnapshotRequest ToRequest(const Napi::Value& value) {
  if (!value.IsObject()) throw Napi::TypeError::New(value.Env(), "expected a snapshot request");
  auto object = value.As<Napi::Object>();
  return {args::Path(object.Get("source")), args::Path(object.Get("parent")), args::Path(object.Get("name")),
          args::Bool(object.Get("readonly"))};
}

using Answers = std::vector<std::optional<Error>>;

Napi::Value FromAnswers(Napi::Env env, Answers& answers) {
  auto array = Napi::Array::New(env, answers.size());
  for (uint32_t i = 0; i < answers.size(); i++) {
    Napi::HandleScope scope(env);
    array.Set(i, answers[i] ? ToJsError(env, *answers[i]) : env.Null());
  }
  return array;
}

Napi::Value SnapshotBatch(const Info& info) {
  if (!info[0].IsArray()) throw Napi::TypeError::New(info.Env(), "expected an array of snapshot requests");
  auto array = info[0].As<Napi::Array>();
  std::vector<btrfs::SnapshotRequest> requests;
  requests.reserve(array.Length());
  for (uint32_t i = 0; i < array.Length(); i++) {
    Napi::HandleScope scope(info.Env());
    requests.push_back(ToRequest(array.Get(i)));
  }
  return PromiseThread<Answers>::Start(
      info.Env(),
      [requests = std::move(requests), threads = args::Int(info[1])]() -> Result<Answers> {
        return btrfs::SnapshotBatch(requests, threads);
      },
      FromAnswers);
}

Napi::Value SubvolumeDelete(const Info& info) {
  return PromiseWorker<Nothing>::Queue(
      info.Env(),
      [parent = args::Path(info[0]), name = args::Path(info[1])] { return btrfs::DeleteSubvolume(parent, name); },
      ToUndefined);
}

Napi::Value SubvolumeDeleteWithParent(const Info& info) {
  return PromiseWorker<Nothing>::Queue(
      info.Env(),
      [parent = args::Path(info[0]), name = args::Path(info[1])] { return btrfs::DeleteSubvolumeAndParent(parent, name); },
      ToUndefined);
}

Napi::Value FromSubvolumeInfo(Napi::Env env, btrfs::SubvolumeInfo& found) {
  auto object = Napi::Object::New(env);
  object.Set("id", static_cast<double>(found.id));
  object.Set("parentId", static_cast<double>(found.parent_id));
  object.Set("generation", static_cast<double>(found.generation));
  object.Set("originGeneration", static_cast<double>(found.origin_generation));
  object.Set("readonly", found.readonly);
  object.Set("uuid", found.uuid);
  object.Set("parentUuid", found.parent_uuid);
  return object;
}

Napi::Value SubvolumeInfo(const Info& info) {
  return PromiseWorker<btrfs::SubvolumeInfo>::Queue(
      info.Env(), [path = args::Path(info[0])] { return btrfs::GetSubvolumeInfo(path); }, FromSubvolumeInfo);
}

Napi::Value SubvolumeSetReadonly(const Info& info) {
  return PromiseWorker<Nothing>::Queue(
      info.Env(),
      [path = args::Path(info[0]), readonly = args::Bool(info[1])] { return btrfs::SetReadonly(path, readonly); },
      ToUndefined);
}

Napi::Value SubvolumeNested(const Info& info) {
  return PromiseWorker<std::vector<std::string>>::Queue(
      info.Env(), [path = args::Path(info[0])] { return btrfs::NestedPaths(path); },
      [](Napi::Env env, std::vector<std::string>& paths) -> Napi::Value {
        auto array = Napi::Array::New(env, paths.size());
        for (uint32_t i = 0; i < paths.size(); i++)
          array.Set(i, Napi::Buffer<char>::Copy(env, paths[i].data(), paths[i].size()));
        return array;
      });
}

// Writes all dirty data of the file system: as long as the disk takes.
Napi::Value DisableCopyOnWrite(const Info& info) {
  return PromiseWorker<Nothing>::Queue(
      info.Env(), [path = args::Path(info[0])] { return btrfs::DisableCopyOnWrite(path); }, ToUndefined);
}

Napi::Value Sync(const Info& info) {
  return PromiseThread<Nothing>::Start(
      info.Env(), [path = args::Path(info[0])] { return btrfs::Sync(path); }, ToUndefined);
}

Napi::Value FromChanges(Napi::Env env, std::vector<btrfs::Change>& changes) {
  static const char* const kinds[] = {"added", "changed", "deleted", "renamed"};
  auto bytes = [&](const std::string& path) { return Napi::Buffer<char>::Copy(env, path.data(), path.size()); };
  auto array = Napi::Array::New(env, changes.size());
  for (uint32_t i = 0; i < changes.size(); i++) {
    Napi::HandleScope scope(env);
    auto object = Napi::Object::New(env);
    object.Set("kind", kinds[static_cast<size_t>(changes[i].kind)]);
    object.Set("path", bytes(changes[i].path));
    if (changes[i].kind == btrfs::ChangeKind::kRenamed) object.Set("from", bytes(changes[i].from));
    array.Set(i, object);
  }
  return array;
}

Napi::Value SendDiff(const Info& info) {
  return PromiseThread<std::vector<btrfs::Change>>::Start(
      info.Env(),
      [parent = args::Path(info[0]), snapshot = args::Path(info[1])] { return btrfs::SendDiff(parent, snapshot); },
      FromChanges);
}

}  // namespace

void RegisterBtrfs(Napi::Env env, Napi::Object exports) {
  auto add = [&](const char* name, Napi::Value (*function)(const Info&)) {
    exports.Set(name, Napi::Function::New(env, function, name));
  };
  add("subvolumeCreate", SubvolumeCreate);
  add("snapshotCreate", SnapshotCreate);
  add("snapshotCreateWithParent", SnapshotCreateWithParent);
  add("snapshotBatch", SnapshotBatch);
  add("subvolumeDelete", SubvolumeDelete);
  add("subvolumeDeleteWithParent", SubvolumeDeleteWithParent);
  add("subvolumeInfo", SubvolumeInfo);
  add("subvolumeSetReadonly", SubvolumeSetReadonly);
  add("subvolumeNested", SubvolumeNested);
  add("sync", Sync);
  add("disableCopyOnWrite", DisableCopyOnWrite);
  add("sendDiff", SendDiff);
}

}  // namespace dockerlite
