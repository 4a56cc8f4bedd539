// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <napi.h>
#include <uv.h>

#include <memory>

#include "supervisor/frame_socket.h"
#include "sys/result.h"

namespace dockerlite {

// A supervisor's connection on Node's own event loop: everything happens on the main thread, nothing blocks.
//
// Lives while it is open (`self_`) and as long as JavaScript holds one of its methods. The libuv handle outlives it
// until libuv has closed it.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // The object with send, ref and close. Throws JavaScript errors.
  static Napi::Object Open(Napi::Env env, UniqueFd fd, Napi::Function onFrame, Napi::Function onClose);
  ~Connection();

 private:
  Connection(Napi::Env env, UniqueFd fd, Napi::Function onFrame, Napi::Function onClose);
  void Start();
  void Send(const Napi::CallbackInfo& info);
  void Ref(bool keep);
  void Close();
  void OnPoll(int status, int events);
  bool Read();
  void Deliver(wire::Frame frame);
  void Lost(const Error* error);
  void Update();
  void Call(Napi::FunctionReference& function, const std::vector<napi_value>& arguments);

  Napi::Env env_;
  wire::FrameSocket socket_;
  Napi::FunctionReference onFrame_, onClose_;
  Napi::AsyncContext context_;
  uv_poll_t* poll_ = nullptr;
  bool writing_ = false;
  std::shared_ptr<Connection> self_;
  napi_async_cleanup_hook_handle cleanup_ = nullptr;
};

// Reaps child `pid` when it ends, without keeping Node alive for it.
void ReapLater(Napi::Env env, pid_t pid);

}  // namespace dockerlite
