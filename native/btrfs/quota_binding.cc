// SPDX-License-Identifier: Apache-2.0
#include "btrfs/binding.h"
#include "btrfs/quota.h"
#include "btrfs/subvolume.h"
#include "napi/args.h"
#include "napi/promise_worker.h"

namespace dockerlite {
namespace {

using Info = Napi::CallbackInfo;

Napi::Value ToUndefined(Napi::Env env, Nothing&) { return env.Undefined(); }

Napi::Value QuotaMode(const Info& info) {
  return PromiseWorker<btrfs::QuotaMode>::Queue(
      info.Env(), [path = args::Path(info[0])] { return btrfs::GetQuotaMode(path); },
      [](Napi::Env env, btrfs::QuotaMode& mode) -> Napi::Value {
        const char* const names[] = {"none", "simple", "full"};
        return Napi::String::New(env, names[static_cast<int>(mode)]);
      });
}

Napi::Value QuotaEnable(const Info& info) {
  return PromiseThread<Nothing>::Start(
      info.Env(), [path = args::Path(info[0])] { return btrfs::EnableSimpleQuotas(path); }, ToUndefined);
}

Napi::Value QuotaLimit(const Info& info) {
  return PromiseWorker<Nothing>::Queue(
      info.Env(),
      [path = args::Path(info[0]), bytes = static_cast<uint64_t>(args::Int64(info[1]))] {
        return btrfs::LimitTree(path, bytes);
      },
      ToUndefined);
}

// Waits for a commit.
Napi::Value QuotaUnlimit(const Info& info) {
  return PromiseThread<Nothing>::Start(
      info.Env(), [path = args::Path(info[0])] { return btrfs::UnlimitTree(path); }, ToUndefined);
}

Napi::Value QuotaSizes(const Info& info) {
  if (!info[1].IsArray()) throw Napi::TypeError::New(info.Env(), "expected an array of paths");
  auto array = info[1].As<Napi::Array>();
  std::vector<std::string> paths;
  for (uint32_t i = 0; i < array.Length(); i++) paths.push_back(args::Path(array.Get(i)));
  return PromiseThread<std::vector<uint64_t>>::Start(
      info.Env(), [root = args::Path(info[0]), paths = std::move(paths)] { return btrfs::TreeSizes(root, paths); },
      [](Napi::Env env, std::vector<uint64_t>& sizes) -> Napi::Value {
        auto list = Napi::Array::New(env, sizes.size());
        for (uint32_t i = 0; i < sizes.size(); i++) list.Set(i, static_cast<double>(sizes[i]));
        return list;
      });
}

Napi::Value QuotaStale(const Info& info) {
  return PromiseThread<std::vector<std::string>>::Start(
      info.Env(),
      [path = args::Path(info[0]), destroy = args::Bool(info[1])] { return btrfs::StaleGroups(path, destroy); },
      [](Napi::Env env, std::vector<std::string>& groups) -> Napi::Value {
        auto list = Napi::Array::New(env, groups.size());
        for (uint32_t i = 0; i < groups.size(); i++) list.Set(i, Napi::String::New(env, groups[i]));
        return list;
      });
}

}  // namespace

void RegisterQuota(Napi::Env env, Napi::Object exports) {
  auto add = [&](const char* name, Napi::Value (*function)(const Info&)) {
    exports.Set(name, Napi::Function::New(env, function, name));
  };
  add("quotaMode", QuotaMode);
  add("quotaEnable", QuotaEnable);
  add("quotaLimit", QuotaLimit);
  add("quotaUnlimit", QuotaUnlimit);
  add("quotaSizes", QuotaSizes);
  add("quotaStale", QuotaStale);
}

}  // namespace dockerlite
