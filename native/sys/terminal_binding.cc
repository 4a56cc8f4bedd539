// SPDX-License-Identifier: Apache-2.0
#include "sys/terminal_binding.h"

#include <cstring>
#include <memory>
#include <utility>

#include "napi/args.h"
#include "napi/errors.h"
#include "supervisor-client/poll_handle.h"
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

// Polls a descriptor for its other end to go away, until it does or `Stop`.
class HangupWatch : public std::enable_shared_from_this<HangupWatch> {
 public:
  HangupWatch(Napi::Env env, Napi::Function gone) : env_(env), gone_(Napi::Persistent(gone)), context_(env, "dockerlite:hangup") {}

  void Start(int fd) {
    poll_ = OpenPoll(env_, fd, UV_DISCONNECT, this, [](uv_poll_t* handle, int, int) {
      std::shared_ptr<HangupWatch> self = static_cast<HangupWatch*>(handle->data)->shared_from_this();
      self->Stop();
      Napi::HandleScope scope(self->env_);
      self->gone_.MakeCallback(self->env_.Global(), {}, self->context_);
    });
    uv_unref(reinterpret_cast<uv_handle_t*>(poll_));
    self_ = shared_from_this();
    napi_add_async_cleanup_hook(
        env_, [](napi_async_cleanup_hook_handle, void* data) { static_cast<HangupWatch*>(data)->Stop(); }, this, &cleanup_);
  }

  void Stop() {
    if (!poll_) return;
    // Lives until libuv has let go of the handle; an environment that ends waits for that.
    ClosePoll(std::exchange(poll_, nullptr), [self = std::move(self_)] { napi_remove_async_cleanup_hook(self->cleanup_); });
  }

 private:
  Napi::Env env_;
  Napi::FunctionReference gone_;
  Napi::AsyncContext context_;
  uv_poll_t* poll_ = nullptr;
  napi_async_cleanup_hook_handle cleanup_ = nullptr;
  std::shared_ptr<HangupWatch> self_;
};

Napi::Value WatchHangup(const Napi::CallbackInfo& info) {
  if (!info[1].IsFunction()) throw Napi::TypeError::New(info.Env(), "expected a function");
  auto watch = std::make_shared<HangupWatch>(info.Env(), info[1].As<Napi::Function>());
  watch->Start(args::Int(info[0]));
  return Napi::Function::New(info.Env(), [watch](const Napi::CallbackInfo&) { watch->Stop(); });
}

}  // namespace

void RegisterTerminal(Napi::Env env, Napi::Object exports) {
  exports.Set("setRawTerminal", Napi::Function::New(env, SetRaw, "setRawTerminal"));
  exports.Set("restoreTerminal", Napi::Function::New(env, Restore, "restoreTerminal"));
  exports.Set("terminalSize", Napi::Function::New(env, Size, "terminalSize"));
  exports.Set("watchHangup", Napi::Function::New(env, WatchHangup, "watchHangup"));
}

}  // namespace dockerlite
