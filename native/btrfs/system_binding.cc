// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "btrfs/binding.h"
#include "napi/args.h"
#include "napi/promise_worker.h"
#include "sys/loop.h"
#include "sys/mount_btrfs.h"
#include "sys/mount_points.h"
#include "sys/probe.h"
#include "sys/process_times.h"
#include "sys/syscalls.h"
#include "sys/unique_fd.h"

namespace dockerlite {
namespace {

using Info = Napi::CallbackInfo;

Napi::Value ToUndefined(Napi::Env env, Nothing&) { return env.Undefined(); }

Napi::Value FromFileSystemInfo(Napi::Env env, FileSystemInfo& found) {
  auto object = Napi::Object::New(env);
  object.Set("type", static_cast<double>(found.type));
  object.Set("blockSize", static_cast<double>(found.block_size));
  object.Set("total", static_cast<double>(found.total));
  object.Set("free", static_cast<double>(found.free));
  object.Set("available", static_cast<double>(found.available));
  object.Set("readonly", found.readonly);
  return object;
}

Napi::Value StatFs(const Info& info) {
  return PromiseWorker<FileSystemInfo>::Queue(
      info.Env(), [path = args::Path(info[0])] { return dockerlite::StatFs(path); }, FromFileSystemInfo);
}

// Mounting replays logs and reads trees, unmounting writes them: as long as the disk takes.
template <Status (*Function)(const std::string&, const std::string&)>
Napi::Value TwoPaths(const Info& info) {
  return PromiseThread<Nothing>::Start(
      info.Env(), [first = args::Path(info[0]), second = args::Path(info[1])] { return Function(first, second); },
      ToUndefined);
}

Napi::Value Unmount(const Info& info) {
  return PromiseThread<Nothing>::Start(
      info.Env(), [target = args::Path(info[0])] { return dockerlite::Unmount(target); }, ToUndefined);
}

Napi::Value DetachLoop(const Info& info) {
  return PromiseThread<Nothing>::Start(
      info.Env(), [device = args::Path(info[0])] { return dockerlite::DetachLoop(device); }, ToUndefined);
}

Napi::Value ProbeSignature(const Info& info) {
  return PromiseThread<std::string>::Start(
      info.Env(), [path = args::Path(info[0])] { return dockerlite::ProbeSignature(path); },
      [](Napi::Env env, std::string& word) -> Napi::Value { return Napi::String::New(env, word); });
}

Napi::Value RenameNoReplace(const Info& info) {
  return PromiseWorker<Nothing>::Queue(
      info.Env(),
      [from = args::Path(info[0]), to = args::Path(info[1])] { return dockerlite::RenameNoReplace(from, to); },
      ToUndefined);
}

std::vector<std::string> Paths(const Napi::Value& value) {
  if (!value.IsArray()) throw Napi::TypeError::New(value.Env(), "expected an array of paths");
  auto array = value.As<Napi::Array>();
  std::vector<std::string> paths;
  for (uint32_t i = 0; i < array.Length(); i++) paths.push_back(args::Path(array.Get(i)));
  return paths;
}

Napi::Value MakeMountPoints(const Info& info) {
  return PromiseWorker<bool>::Queue(
      info.Env(),
      [root = args::Path(info[0]), points = MountPoints{Paths(info[1]), Paths(info[2])}] {
        return dockerlite::MakeMountPoints(root, points);
      },
      [](Napi::Env env, bool& made) -> Napi::Value { return Napi::Boolean::New(env, made); });
}

Napi::Value FromStrings(Napi::Env env, std::vector<std::string>& list) {
  auto array = Napi::Array::New(env, list.size());
  for (uint32_t i = 0; i < list.size(); i++) array.Set(i, Napi::String::New(env, list[i]));
  return array;
}

Napi::Value RealPaths(const Info& info) {
  return PromiseWorker<std::vector<std::string>>::Queue(
      info.Env(),
      [root = args::Path(info[0]), points = Paths(info[1])] { return dockerlite::RealPaths(root, points); }, FromStrings);
}

Napi::Value MissingMountPoints(const Info& info) {
  return PromiseWorker<std::vector<std::string>>::Queue(
      info.Env(),
      [root = args::Path(info[0]), points = MountPoints{Paths(info[1]), Paths(info[2])}] {
        return dockerlite::MissingMountPoints(root, points);
      },
      FromStrings);
}

Napi::Value StartTimes(const Info& info) {
  if (!info[0].IsTypedArray() || info[0].As<Napi::TypedArray>().TypedArrayType() != napi_int32_array) {
    throw Napi::TypeError::New(info.Env(), "expected an Int32Array of process ids");
  }
  auto list = info[0].As<Napi::Int32Array>();
  return PromiseWorker<std::vector<double>>::Queue(
      info.Env(),
      [pids = std::vector<pid_t>(list.Data(), list.Data() + list.ElementLength())] {
        std::vector<double> times(pids.size());
        std::transform(pids.begin(), pids.end(), times.begin(), [](pid_t pid) { return static_cast<double>(dockerlite::StartTime(pid)); });
        return times;
      },
      [](Napi::Env env, std::vector<double>& found) -> Napi::Value {
        auto times = Napi::Float64Array::New(env, found.size());
        std::copy(found.begin(), found.end(), times.Data());
        return times;
      });
}

// Relative to the directory, and in one string: what the names begin with and their ways through Node-API take longer than the looks.
Napi::Value Existing(const Info& info) {
  const UniqueFd directory(open(args::Path(info[0]).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const std::string names = args::String(info[1]);
  std::vector<uint8_t> found;
  for (size_t at = 0; at < names.size(); at += strlen(&names[at]) + 1) {
    found.push_back(directory && faccessat(directory.get(), &names[at], F_OK, 0) == 0);
  }
  auto existing = Napi::Uint8Array::New(info.Env(), found.size());
  std::copy(found.begin(), found.end(), existing.Data());
  return existing;
}

}  // namespace

void RegisterSystem(Napi::Env env, Napi::Object exports) {
  auto add = [&](const char* name, Napi::Value (*function)(const Info&)) {
    exports.Set(name, Napi::Function::New(env, function, name));
  };
  add("startTimes", StartTimes);
  add("existing", Existing);
  add("statfs", StatFs);
  add("mountLoop", TwoPaths<MountLoop>);
  add("mountDevice", TwoPaths<MountDevice>);
  add("unmount", Unmount);
  add("detachLoop", DetachLoop);
  add("probeSignature", ProbeSignature);
  add("renameNoReplace", RenameNoReplace);
  add("makeMountPoints", MakeMountPoints);
  add("realPaths", RealPaths);
  add("missingMountPoints", MissingMountPoints);
}

}  // namespace dockerlite
