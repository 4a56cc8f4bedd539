// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <napi.h>

#include <cstring>

#include "sys/result.h"

namespace dockerlite {

// A JavaScript Error carrying the fields of `error`; never thrown across C++ frames.
inline Napi::Value ToJsError(Napi::Env env, const Error& error) {
  std::string text = error.syscall;
  if (!error.path.empty()) text += " '" + error.path + "'";
  text += ": ";
  text += error.message.empty() ? std::string(strerror(error.code)) : error.message;
  Napi::Object js = Napi::Error::New(env, text).Value();
  js.Set("errno", Napi::Number::New(env, error.code));
  js.Set("syscall", Napi::String::New(env, error.syscall));
  if (!error.path.empty()) js.Set("path", Napi::String::New(env, error.path));
  return js;
}

}  // namespace dockerlite
