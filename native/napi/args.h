// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <napi.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// Reads call arguments by type only: what a value may mean is decided in lib/.
// A wrong type throws TypeError (node-addon-api turns the C++ exception into a JavaScript one).
namespace dockerlite::args {

// File system paths are bytes to the kernel: a string is UTF-8, a Buffer is taken as it is.
inline std::string Path(const Napi::Value& value) {
  std::string path;
  if (value.IsBuffer()) {
    auto buffer = value.As<Napi::Buffer<char>>();
    path.assign(buffer.Data(), buffer.Length());
  } else if (value.IsString()) {
    path = value.As<Napi::String>().Utf8Value();
  } else {
    throw Napi::TypeError::New(value.Env(), "expected a path (string or Buffer)");
  }
  if (path.find('\0') != std::string::npos) throw Napi::TypeError::New(value.Env(), "path contains a NUL byte");
  return path;
}

inline std::string String(const Napi::Value& value) {
  if (!value.IsString()) throw Napi::TypeError::New(value.Env(), "expected a string");
  return value.As<Napi::String>().Utf8Value();
}

inline int32_t Int(const Napi::Value& value) {
  if (!value.IsNumber()) throw Napi::TypeError::New(value.Env(), "expected a number");
  return value.As<Napi::Number>().Int32Value();
}

inline int64_t Int64(const Napi::Value& value) {
  if (!value.IsNumber()) throw Napi::TypeError::New(value.Env(), "expected a number");
  return value.As<Napi::Number>().Int64Value();
}

inline bool Bool(const Napi::Value& value, bool fallback = false) {
  if (value.IsUndefined() || value.IsNull()) return fallback;
  if (!value.IsBoolean()) throw Napi::TypeError::New(value.Env(), "expected a boolean");
  return value.As<Napi::Boolean>().Value();
}

inline Napi::Object Options(const Napi::CallbackInfo& info, size_t index) {
  if (info.Length() <= index || info[index].IsUndefined()) return Napi::Object::New(info.Env());
  if (!info[index].IsObject()) throw Napi::TypeError::New(info.Env(), "expected an options object");
  return info[index].As<Napi::Object>();
}

}  // namespace dockerlite::args
