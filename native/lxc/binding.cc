// SPDX-License-Identifier: Apache-2.0
#include <lxc/lxccontainer.h>
#include <napi.h>

#include "napi/args.h"

// The few calls of liblxc that neither fork nor wait; starting is the supervisor's, a process of its own.
namespace dockerlite {
namespace {

Napi::Value Version(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), lxc_get_version()); }

Napi::Value IsConfigItemSupported(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), lxc_config_item_is_supported(args::String(info[0]).c_str()));
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("version", Napi::Function::New(env, Version, "version"));
  exports.Set("isConfigItemSupported", Napi::Function::New(env, IsConfigItemSupported, "isConfigItemSupported"));
  return exports;
}

NODE_API_MODULE(dockerlite_lxc, Init)

}  // namespace
}  // namespace dockerlite
