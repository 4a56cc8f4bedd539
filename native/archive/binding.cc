// SPDX-License-Identifier: Apache-2.0
#include <archive.h>
#include <napi.h>

#include <memory>

#include "archive/ahead.h"
#include "archive/copy_tree.h"
#include "archive/decompress_file.h"
#include "archive/names.h"
#include "archive/pack.h"
#include "archive/pack_layer.h"
#include "archive/path_stat.h"
#include "archive/start_job.h"
#include "archive/unpack.h"
#include "napi/args.h"
#include "snapshot/binding.h"

namespace dockerlite::tree {
namespace {

Napi::Value CountToJs(Napi::Env env, Count& count) {
  auto result = Napi::Object::New(env);
  result.Set("entries", static_cast<double>(count.entries));
  result.Set("bytes", static_cast<double>(count.bytes));
  return result;
}

UnpackOptions ToUnpackOptions(const Napi::Object& object) {
  UnpackOptions options;
  options.maxBytes = Limit(object, "maxBytes");
  options.maxEntries = Limit(object, "maxEntries");
  if (Napi::Value into = object.Get("into"); !into.IsUndefined()) options.into = clampName(args::Path(into));
  if (Napi::Value owner = object.Get("owner"); owner.IsObject()) {
    auto ids = owner.As<Napi::Object>();
    options.owner = {static_cast<uint32_t>(args::Int64(ids.Get("uid"))),
                     static_cast<uint32_t>(args::Int64(ids.Get("gid")))};
  }
  options.allowReplace = args::Bool(object.Get("allowReplace"), true);
  options.keepDirectoryLinks = args::Bool(object.Get("keepDirectoryLinks"));
  options.layer = args::Bool(object.Get("layer"));
  options.digests = args::Bool(object.Get("digests"), true);
  return options;
}

Napi::Value UnpackedToJs(Napi::Env env, UnpackResult& done) {
  auto result = Napi::Object::New(env);
  result.Set("entries", static_cast<double>(done.entries));
  result.Set("bytes", static_cast<double>(done.bytes));
  result.Set("digest", done.digest);
  result.Set("diffId", done.diffId);
  return result;
}

Napi::Value Unpack(const Napi::CallbackInfo& info) {
  auto object = args::Options(info, 2);
  UnpackOptions options = ToUnpackOptions(object);
  std::string root = args::Path(info[1]);
  auto source = std::make_shared<ArchiveEnd>(End(info[0]));
  auto work = [=](Abort& abort) { return unpack(std::move(*source), root, options, abort); };
  return Start<UnpackResult>(info, object, work, UnpackedToJs);
}

constexpr napi_type_tag kAhead = {0x3b6d0f8a5c914e27, 0xa61e9c42d7f3580b};

Napi::Value DecodeAhead(const Napi::CallbackInfo& info) {
  ArchiveEnd source = End(info[0]);
  source.growsTo = Limit(info[0].As<Napi::Object>(), "growsTo");
  auto begun = Ahead::begin(std::move(source));
  if (!begun) throw Napi::Error(info.Env(), ToJsError(info.Env(), begun.error()));
  auto external = Napi::External<Ahead>::New(info.Env(), begun.value().get(), [](Napi::Env, Ahead* ahead) { delete ahead; });
  begun.value().release();
  napi_type_tag_object(info.Env(), external, &kAhead);
  return external;
}

Ahead& ToAhead(const Napi::Value& value) {
  bool is = false;
  if (value.IsExternal()) napi_check_object_type_tag(value.Env(), value, &kAhead, &is);
  if (!is) throw Napi::TypeError::New(value.Env(), "expected what decodeAhead gave");
  return *value.As<Napi::External<Ahead>>().Data();
}

Napi::Value AheadGrown(const Napi::CallbackInfo& info) {
  ToAhead(info[0]).abort->grown();
  return info.Env().Undefined();
}

Napi::Value UnpackAhead(const Napi::CallbackInfo& info) {
  Ahead& ahead = ToAhead(info[0]);
  auto object = args::Options(info, 2);
  UnpackOptions options = ToUnpackOptions(object);
  std::string root = args::Path(info[1]);
  if (!ahead.decoder) throw Napi::TypeError::New(info.Env(), "it has been unpacked");
  auto taken = std::make_shared<std::unique_ptr<Decoder>>(std::move(ahead.decoder));
  auto work = [=](Abort& abort) {
    auto decoder = std::move(*taken);
    return unpack(*decoder, root, options, abort);
  };
  return Start<UnpackResult>(info, object, work, UnpackedToJs, ahead.abort);
}

// Waits for the thread that decodes: not on the main one.
Napi::Value CloseAhead(const Napi::CallbackInfo& info) {
  Ahead& ahead = ToAhead(info[0]);
  ahead.abort->trigger();
  auto taken = std::make_shared<std::unique_ptr<Decoder>>(std::move(ahead.decoder));
  auto work = [=](Abort&) -> Result<Nothing> {
    taken->reset();
    return Nothing{};
  };
  auto toJs = [](Napi::Env env, Nothing&) { return env.Undefined(); };
  return Start<Nothing>(info, Napi::Object::New(info.Env()), work, toJs, ahead.abort);
}

Napi::Value Decompress(const Napi::CallbackInfo& info) {
  auto source = std::make_shared<ArchiveEnd>(End(info[0])), target = std::make_shared<ArchiveEnd>(End(info[1]));
  auto object = args::Options(info, 2);
  uint64_t maxBytes = Limit(object, "maxBytes").value_or(UINT64_MAX);
  auto work = [=](Abort& abort) { return decompressFile(std::move(*source), std::move(*target), maxBytes, abort); };
  return Start<uint64_t>(info, object, work, [](Napi::Env env, uint64_t& bytes) -> Napi::Value {
    return Napi::Number::New(env, static_cast<double>(bytes));
  });
}

Napi::Value Pack(const Napi::CallbackInfo& info) {
  auto object = args::Options(info, 2);
  PackOptions options;
  if (Napi::Value from = object.Get("from"); !from.IsUndefined()) options.from = clampName(args::Path(from));
  if (Napi::Value name = object.Get("rename"); !name.IsUndefined()) options.rename = clampName(args::Path(name));
  options.followLink = args::Bool(object.Get("followLink"));
  if (Napi::Value exclude = object.Get("exclude"); exclude.IsArray()) {
    auto list = exclude.As<Napi::Array>();
    for (uint32_t i = 0; i < list.Length(); i++) options.exclude.push_back(clampName(args::Path(list.Get(i))));
  }
  std::string root = args::Path(info[0]);
  auto target = std::make_shared<ArchiveEnd>(End(info[1]));
  auto work = [=](Abort& abort) { return pack(root, std::move(*target), options, abort); };
  return Start<Count>(info, object, work, CountToJs);
}

std::set<std::string> Paths(const Napi::Value& value) {
  std::set<std::string> paths;
  auto list = value.As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length(); i++) paths.insert(clampName(args::Path(list.Get(i))));
  return paths;
}

Napi::Value PackLayer(const Napi::CallbackInfo& info) {
  std::string below = args::Path(info[0]), root = args::Path(info[1]);
  auto target = std::make_shared<ArchiveEnd>(End(info[2]));
  auto object = args::Options(info, 3);
  if (!object.Get("touched").IsArray() || !object.Get("moved").IsArray())
    throw Napi::TypeError::New(info.Env(), "touched, moved: expected lists of paths");
  LayerChanges changes{Paths(object.Get("touched")), Paths(object.Get("moved"))};
  auto work = [=](Abort& abort) { return packLayer(below, root, changes, std::move(*target), abort); };
  return Start<Count>(info, object, work, CountToJs);
}

Napi::Value CopyTree(const Napi::CallbackInfo& info) {
  std::string source = args::Path(info[0]), root = args::Path(info[1]);
  auto object = args::Options(info, 2);
  std::optional<std::string> from;
  if (Napi::Value value = object.Get("from"); !value.IsUndefined()) from = clampName(args::Path(value));
  auto work = [=](Abort& abort) { return copyTree(source, from, root, abort); };
  return Start<Count>(info, object, work, CountToJs);
}

// A file's time may be any 64-bit number of seconds: more nanoseconds than an int64_t holds.
Napi::Value Nanoseconds(Napi::Env env, timespec time) {
  __int128 ns = static_cast<__int128>(time.tv_sec) * 1000000000 + time.tv_nsec;
  unsigned __int128 magnitude = ns < 0 ? -static_cast<unsigned __int128>(ns) : static_cast<unsigned __int128>(ns);
  uint64_t words[2] = {static_cast<uint64_t>(magnitude), static_cast<uint64_t>(magnitude >> 64)};
  return Napi::BigInt::New(env, ns < 0, 2, words);
}

Napi::Value StatInRoot(const Napi::CallbackInfo& info) {
  std::string root = args::Path(info[0]), path = args::Path(info[1]);
  auto work = [=](Abort&) { return statInRoot(root, path); };
  return Start<PathStat>(info, Napi::Object::New(info.Env()), work, [](Napi::Env env, PathStat& done) -> Napi::Value {
    auto result = Napi::Object::New(env);
    result.Set("name", done.name);
    result.Set("size", static_cast<double>(done.st.st_size));
    result.Set("mode", static_cast<double>(done.st.st_mode));
    result.Set("mtimeNs", Nanoseconds(env, done.st.st_mtim));
    result.Set("linkTarget", done.linkTarget);
    return result;
  });
}

Napi::Value Cancel(const Napi::CallbackInfo& info) {
  (*info.Env().GetInstanceData<JobsHandle>())->cancel(static_cast<uint32_t>(args::Int64(info[0])));
  return info.Env().Undefined();
}

Napi::Value Progress(const Napi::CallbackInfo& info) {
  auto jobs = *info.Env().GetInstanceData<JobsHandle>();
  return Napi::Number::New(info.Env(), static_cast<double>(jobs->progress(static_cast<uint32_t>(args::Int64(info[0])))));
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  auto jobs = std::make_shared<Jobs>();
  env.SetInstanceData(new JobsHandle(jobs));
  // Threads are joined when the environment goes: none may wait for an archive that never ends.
  env.AddCleanupHook([jobs] { jobs->cancelAll(); });
  exports.Set("unpack", Napi::Function::New(env, Unpack, "unpack"));
  exports.Set("decodeAhead", Napi::Function::New(env, DecodeAhead, "decodeAhead"));
  exports.Set("aheadGrown", Napi::Function::New(env, AheadGrown, "aheadGrown"));
  exports.Set("unpackAhead", Napi::Function::New(env, UnpackAhead, "unpackAhead"));
  exports.Set("closeAhead", Napi::Function::New(env, CloseAhead, "closeAhead"));
  exports.Set("decompress", Napi::Function::New(env, Decompress, "decompress"));
  exports.Set("pack", Napi::Function::New(env, Pack, "pack"));
  exports.Set("packLayer", Napi::Function::New(env, PackLayer, "packLayer"));
  exports.Set("copyTree", Napi::Function::New(env, CopyTree, "copyTree"));
  exports.Set("statInRoot", Napi::Function::New(env, StatInRoot, "statInRoot"));
  exports.Set("cancel", Napi::Function::New(env, Cancel, "cancel"));
  exports.Set("progress", Napi::Function::New(env, Progress, "progress"));
  snapshot::Register(env, exports);
  exports.Set("version", archive_version_string());
  return exports;
}

NODE_API_MODULE(dockerlite_archive, Init)

}  // namespace
}  // namespace dockerlite::tree
