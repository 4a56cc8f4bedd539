// SPDX-License-Identifier: Apache-2.0
#include <sys/wait.h>

#include "supervisor-client/connection.h"
#include "supervisor-client/poll_handle.h"
#include "supervisor/pidfd.h"

namespace dockerlite {
namespace {

struct Child {
  pid_t pid;
  UniqueFd pidfd;
  uv_poll_t* poll = nullptr;
  napi_async_cleanup_hook_handle cleanup = nullptr;

  void Forget() {
    waitpid(pid, nullptr, WNOHANG);
    if (poll) ClosePoll(std::exchange(poll, nullptr), [this] {
        napi_remove_async_cleanup_hook(cleanup);
        delete this;
      });
  }
};

}  // namespace

void ReapLater(Napi::Env env, pid_t pid) {
  auto* child = new Child{pid, UniqueFd(PidfdOpen(pid))};
  child->poll = OpenPoll(env, child->pidfd.get(), UV_READABLE, child,
                         [](uv_poll_t* handle, int, int) { static_cast<Child*>(handle->data)->Forget(); });
  uv_unref(reinterpret_cast<uv_handle_t*>(child->poll));
  napi_add_async_cleanup_hook(
      env, [](napi_async_cleanup_hook_handle, void* data) { static_cast<Child*>(data)->Forget(); }, child,
      &child->cleanup);
}

}  // namespace dockerlite
