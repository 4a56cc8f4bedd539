// SPDX-License-Identifier: Apache-2.0
#include "supervisor-client/connection.h"

#include <fcntl.h>

#include "napi/args.h"
#include "napi/errors.h"
#include "supervisor-client/poll_handle.h"

namespace dockerlite {

using wire::FrameSocket;

Connection::Connection(Napi::Env env, UniqueFd fd, Napi::Function onFrame, Napi::Function onClose)
    : env_(env),
      socket_(std::move(fd)),
      onFrame_(Napi::Persistent(onFrame)),
      onClose_(Napi::Persistent(onClose)),
      context_(env, "dockerlite:supervisor") {}

Connection::~Connection() = default;

Napi::Object Connection::Open(Napi::Env env, UniqueFd fd, Napi::Function onFrame, Napi::Function onClose) {
  std::shared_ptr<Connection> self(new Connection(env, std::move(fd), onFrame, onClose));
  self->Start();
  Napi::Object object = Napi::Object::New(env);
  object.Set("send", Napi::Function::New(env, [self](const Napi::CallbackInfo& info) { self->Send(info); }));
  object.Set("ref", Napi::Function::New(env, [self](const Napi::CallbackInfo& info) { self->Ref(args::Bool(info[0])); }));
  object.Set("close", Napi::Function::New(env, [self](const Napi::CallbackInfo&) { self->Close(); }));
  return object;
}

void Connection::Start() {
  poll_ = OpenPoll(env_, socket_.fd(), UV_READABLE, this, [](uv_poll_t* handle, int status, int events) {
    // The handler may close the connection: hold on to it for the time being.
    std::shared_ptr<Connection> self = static_cast<Connection*>(handle->data)->shared_from_this();
    try {
      self->OnPoll(status, events);
    } catch (const Napi::Error&) {
      // Values cannot be made any more: the environment is being torn down while the loop still turns.
      self->Close();
    }
  });
  self_ = shared_from_this();
  // A worker thread may end while the connection is open.
  napi_add_async_cleanup_hook(
      env_,
      [](napi_async_cleanup_hook_handle, void* data) {
        std::shared_ptr<Connection> self = static_cast<Connection*>(data)->shared_from_this();
        self->Close();
      },
      this, &cleanup_);
}

void Connection::Send(const Napi::CallbackInfo& info) {
  if (!poll_) throw ToJsError(env_, Error{EPIPE, "send", {}, "the connection is closed"}).As<Napi::Error>();
  uint32_t type = static_cast<uint32_t>(args::Int(info[0]));
  if (!info[1].IsBuffer() || !info[2].IsArray()) throw Napi::TypeError::New(env_, "expected a Buffer and an array");
  auto body = info[1].As<Napi::Buffer<char>>();
  auto list = info[2].As<Napi::Array>();
  if (type > UINT16_MAX || body.Length() > wire::kMaxBody || list.Length() > wire::kMaxFds)
    throw Napi::RangeError::New(env_, "frame too large");
  std::vector<UniqueFd> fds;
  for (uint32_t i = 0; i < list.Length(); i++) {
    UniqueFd copy(fcntl(args::Int(list.Get(i)), F_DUPFD_CLOEXEC, 3));
    if (!copy) throw ToJsError(env_, Error::last("fcntl(F_DUPFD_CLOEXEC)")).As<Napi::Error>();
    fds.push_back(std::move(copy));
  }
  socket_.Queue(static_cast<uint16_t>(type), {body.Data(), body.Length()}, std::move(fds));
  socket_.Flush();  // a failure shows when the socket is polled
  Update();
}

void Connection::Update() {
  if (!poll_ || socket_.pending() == writing_) return;
  writing_ = socket_.pending();
  uv_poll_start(poll_, writing_ ? UV_READABLE | UV_WRITABLE : UV_READABLE, poll_->poll_cb);
}

void Connection::Ref(bool keep) {
  if (!poll_) return;
  if (keep)
    uv_ref(reinterpret_cast<uv_handle_t*>(poll_));
  else
    uv_unref(reinterpret_cast<uv_handle_t*>(poll_));
}

void Connection::Close() {
  if (!poll_) return;
  // The descriptor and the cleanup hook go when libuv no longer uses the handle.
  auto rest = [cleanup = cleanup_, self = std::move(self_)] {
    self->socket_.Close();
    napi_remove_async_cleanup_hook(cleanup);
  };
  ClosePoll(std::exchange(poll_, nullptr), std::move(rest));
  onFrame_.Reset();
  onClose_.Reset();
}

void Connection::OnPoll(int status, int events) {
  Napi::HandleScope scope(env_);
  // libuv says UV_EBADF for EPOLLERR, which is how a peer that was killed shows; what it had sent is still there.
  if (status < 0) {
    while (poll_ && Read()) {
    }
    return poll_ ? Lost(nullptr) : void();
  }
  if (events & UV_WRITABLE) {
    socket_.Flush();
    Update();
  }
  if (events & UV_READABLE) Read();
}

// True when there may be more.
bool Connection::Read() {
  size_t frames = 0;
  FrameSocket::State state = socket_.Receive();
  int code = errno;
  while (poll_) {
    std::optional<wire::Frame> frame = socket_.Next();
    if (!frame) break;
    Deliver(std::move(*frame));
    frames++;
  }
  if (!poll_) return false;
  if (socket_.malformed()) {
    Error error{EBADMSG, "recvmsg", {}, "malformed frame"};
    Lost(&error);
  } else if (state == FrameSocket::State::kBroken && code != ECONNRESET) {
    Error error{code, "recvmsg", {}, {}};
    Lost(&error);
  } else if (state != FrameSocket::State::kOpen) {
    Lost(nullptr);
  } else {
    return frames > 0;
  }
  return false;
}

void Connection::Deliver(wire::Frame frame) {
  Napi::HandleScope scope(env_);
  Napi::Array fds = Napi::Array::New(env_, frame.fds.size());
  for (uint32_t i = 0; i < frame.fds.size(); i++) fds.Set(i, Napi::Number::New(env_, frame.fds[i].release()));
  Call(onFrame_, {Napi::Number::New(env_, frame.type),
                  Napi::Buffer<char>::Copy(env_, frame.body.data(), frame.body.size()), fds});
}

void Connection::Lost(const Error* error) {
  Napi::HandleScope scope(env_);
  Napi::FunctionReference onClose = std::move(onClose_);
  Napi::Value reason = error ? ToJsError(env_, *error) : env_.Null();
  Close();
  Call(onClose, {reason});
}

// What a handler throws becomes an uncaught exception, as in every event handler of Node.
void Connection::Call(Napi::FunctionReference& function, const std::vector<napi_value>& arguments) {
  napi_value receiver, result, thrown;
  bool pending = false;
  napi_get_global(env_, &receiver);
  // Not through Napi::Function: it would make an Error object, which aborts where JavaScript can run no more.
  if (napi_make_callback(env_, context_, receiver, function.Value(), arguments.size(), arguments.data(), &result) == napi_ok)
    return;
  if (napi_is_exception_pending(env_, &pending) == napi_ok && pending &&
      napi_get_and_clear_last_exception(env_, &thrown) == napi_ok && napi_fatal_exception(env_, thrown) == napi_ok)
    return;
  Close();  // the environment is being torn down
}

}  // namespace dockerlite
