// SPDX-License-Identifier: Apache-2.0
#include "supervisor-client/poll_handle.h"

#include "napi/errors.h"

namespace dockerlite {

uv_poll_t* OpenPoll(Napi::Env env, int fd, int events, void* data, uv_poll_cb callback) {
  uv_loop_s* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) throw Napi::Error::New(env, "no event loop");
  auto* handle = new uv_poll_t;
  if (int error = uv_poll_init(loop, handle, fd); error != 0) {
    delete handle;
    throw ToJsError(env, Error{-error, "uv_poll_init", {}, {}}).As<Napi::Error>();
  }
  handle->data = data;
  uv_poll_start(handle, events, callback);
  return handle;
}

void ClosePoll(uv_poll_t* handle, std::function<void()> rest) {
  handle->data = new std::function<void()>(std::move(rest));
  uv_close(reinterpret_cast<uv_handle_t*>(handle), [](uv_handle_t* closed) {
    auto* last = static_cast<std::function<void()>*>(closed->data);
    (*last)();
    delete last;
    delete reinterpret_cast<uv_poll_t*>(closed);
  });
}

}  // namespace dockerlite
