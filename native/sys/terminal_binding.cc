// SPDX-License-Identifier: Apache-2.0
#include "sys/terminal_binding.h"

#include <cstring>

#include "napi/args.h"
#include "napi/errors.h"
#include "sys/terminal.h"

namespace dockerlite {
namespace {

[[noreturn]] void Throw(Napi::Env env, const Error& error) { throw Napi::Error(env, ToJsError(env, error)); }

Napi::Value SetRaw(const Napi::CallbackInfo& info) {
  Result<termios> old = SetRawTerminal(args::Int(info[0]));
  if (!old) Throw(info.Env(), old.error());
  return Napi::Buffer<char>::Copy(info.Env(), reinterpret_cast<const char*>(&old.value()), sizeof(termios));
}

void Restore(const Napi::CallbackInfo& info) {
  if (!info[1].IsBuffer()) throw Napi::TypeError::New(info.Env(), "expected a Buffer");
  auto buffer = info[1].As<Napi::Buffer<char>>();
  termios state;
  if (buffer.Length() != sizeof state) throw Napi::TypeError::New(info.Env(), "expected what setRawTerminal returned");
  memcpy(&state, buffer.Data(), sizeof state);
  if (Status done = RestoreTerminal(args::Int(info[0]), state); !done) Throw(info.Env(), done.error());
}

Napi::Value Size(const Napi::CallbackInfo& info) {
  Result<winsize> size = TerminalSize(args::Int(info[0]));
  if (!size) Throw(info.Env(), size.error());
  Napi::Object js = Napi::Object::New(info.Env());
  js.Set("rows", Napi::Number::New(info.Env(), size.value().ws_row));
  js.Set("columns", Napi::Number::New(info.Env(), size.value().ws_col));
  return js;
}

}  // namespace

void RegisterTerminal(Napi::Env env, Napi::Object exports) {
  exports.Set("setRawTerminal", Napi::Function::New(env, SetRaw, "setRawTerminal"));
  exports.Set("restoreTerminal", Napi::Function::New(env, Restore, "restoreTerminal"));
  exports.Set("terminalSize", Napi::Function::New(env, Size, "terminalSize"));
}

}  // namespace dockerlite
