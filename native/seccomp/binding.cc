// SPDX-License-Identifier: Apache-2.0
#include <napi.h>

#include "napi/args.h"
#include "napi/promise_worker.h"
#include "seccomp/compile.h"

namespace dockerlite::seccomp {
namespace {

std::vector<std::string> Strings(const Napi::Value& value) {
  if (!value.IsArray()) throw Napi::TypeError::New(value.Env(), "expected an array of strings");
  auto array = value.As<Napi::Array>();
  std::vector<std::string> strings;
  for (uint32_t i = 0; i < array.Length(); i++) strings.push_back(args::String(array.Get(i)));
  return strings;
}

Napi::Object Object(const Napi::Value& value) {
  if (!value.IsObject()) throw Napi::TypeError::New(value.Env(), "expected an object");
  return value.As<Napi::Object>();
}

uint32_t Number(const Napi::Value& value) { return static_cast<uint32_t>(args::Int64(value)); }

Rule ReadRule(const Napi::Object& from) {
  Rule rule;
  rule.names = Strings(from.Get("names"));
  rule.action = Number(from.Get("action"));
  if (!from.Get("args").IsArray()) return rule;
  auto list = from.Get("args").As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length(); i++) {
    Napi::Object one = Object(list.Get(i));
    rule.comparisons.push_back({Number(one.Get("index")), args::Int(one.Get("op")),
                                static_cast<uint64_t>(args::Int64(one.Get("value"))),
                                static_cast<uint64_t>(args::Int64(one.Get("valueTwo")))});
  }
  return rule;
}

// compile(policy): Promise<Buffer>
Napi::Value CompilePolicy(const Napi::CallbackInfo& info) {
  Napi::Object from = Object(info[0]);
  Policy policy;
  policy.action = Number(from.Get("action"));
  policy.beyond = Number(from.Get("beyond"));
  policy.architectures = Strings(from.Get("architectures"));
  policy.plain = from.Get("plain").ToBoolean();
  if (!from.Get("rules").IsArray()) throw Napi::TypeError::New(info.Env(), "expected an array of rules");
  auto rules = from.Get("rules").As<Napi::Array>();
  for (uint32_t i = 0; i < rules.Length(); i++) policy.rules.push_back(ReadRule(Object(rules.Get(i))));
  return PromiseWorker<std::string>::Queue(
      info.Env(), [policy = std::move(policy)] { return Compile(policy); },
      [](Napi::Env env, std::string& code) { return Napi::Buffer<char>::Copy(env, code.data(), code.size()); });
}

Napi::Value LibraryVersion(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), Version()); }

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("compile", Napi::Function::New(env, CompilePolicy, "compile"));
  exports.Set("version", Napi::Function::New(env, LibraryVersion, "version"));
  return exports;
}

NODE_API_MODULE(dockerlite_seccomp, Init)

}  // namespace
}  // namespace dockerlite::seccomp
