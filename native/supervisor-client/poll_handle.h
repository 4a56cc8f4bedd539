// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <napi.h>
#include <uv.h>

#include <functional>

namespace dockerlite {

// uv_poll_t on the heap: libuv may use a handle until its close callback, longer than its owner lives.
uv_poll_t* OpenPoll(Napi::Env env, int fd, int events, void* data, uv_poll_cb callback);
// `rest` runs when libuv has let go of the handle.
void ClosePoll(uv_poll_t* handle, std::function<void()> rest);

}  // namespace dockerlite
