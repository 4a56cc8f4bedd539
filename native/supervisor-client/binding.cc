// SPDX-License-Identifier: Apache-2.0
#include "supervisor-client/binding.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>

#include "napi/args.h"
#include "napi/errors.h"
#include "supervisor-client/connection.h"

namespace dockerlite {
namespace {

[[noreturn]] void Throw(Napi::Env env, Error error) { throw ToJsError(env, error).As<Napi::Error>(); }

Napi::Function Handler(const Napi::CallbackInfo& info, size_t index) {
  if (!info[index].IsFunction()) throw Napi::TypeError::New(info.Env(), "expected a function");
  return info[index].As<Napi::Function>();
}

void MakePair(Napi::Env env, UniqueFd& near, UniqueFd& far) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) Throw(env, Error::last("socketpair"));
  near.reset(pair[0]);
  far.reset(pair[1]);
}

// The supervisor's descriptor 3 is the connection; it inherits nothing else and no signal of this session.
int Spawn(const std::string& program, std::vector<std::string> arguments, int fd, pid_t* pid) {
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (auto& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
  posix_spawn_file_actions_adddup2(&actions, 0, 1);
  posix_spawn_file_actions_adddup2(&actions, 0, 2);
  posix_spawn_file_actions_adddup2(&actions, fd, 3);
  posix_spawn_file_actions_addclosefrom_np(&actions, 4);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  int error = posix_spawn(pid, program.c_str(), &actions, &attributes, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return error;
}

Napi::Value SpawnSupervisor(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  std::string program = args::Path(info[0]);
  if (!info[1].IsArray()) throw Napi::TypeError::New(env, "expected an array");
  auto list = info[1].As<Napi::Array>();
  std::vector<std::string> arguments;
  for (uint32_t i = 0; i < list.Length(); i++) arguments.push_back(args::String(list.Get(i)));
  Napi::Function onFrame = Handler(info, 2), onClose = Handler(info, 3);
  UniqueFd near, far;
  MakePair(env, near, far);
  pid_t pid = 0;
  if (int error = Spawn(program, std::move(arguments), far.get(), &pid); error != 0)
    Throw(env, Error{error, "posix_spawn", program, {}});
  far.reset();
  ReapLater(env, pid);
  Napi::Object connection = Connection::Open(env, std::move(near), onFrame, onClose);
  connection.Set("pid", Napi::Number::New(env, pid));
  return connection;
}

// Connects through the directory's descriptor: a path may be longer than a socket address.
UniqueFd Connect(const std::string& path) {
  size_t slash = path.rfind('/');
  std::string parent = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  UniqueFd directory(open(parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return UniqueFd();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::string through = "/proc/self/fd/" + std::to_string(directory.get()) + "/" + path.substr(slash + 1);
  if (through.size() >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return UniqueFd();
  }
  through.copy(address.sun_path, through.size());
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return UniqueFd();
  if (connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return UniqueFd();
  return socket;
}

Napi::Value ConnectSupervisor(const Napi::CallbackInfo& info) {
  std::string path = args::Path(info[0]);
  Napi::Function onFrame = Handler(info, 1), onClose = Handler(info, 2);
  UniqueFd socket = Connect(path);
  if (!socket) Throw(info.Env(), Error::last("connect", path));
  return Connection::Open(info.Env(), std::move(socket), onFrame, onClose);
}

Napi::Value MakeConnection(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Napi::Function onFrame = Handler(info, 0), onClose = Handler(info, 1);
  UniqueFd near, far;
  MakePair(env, near, far);
  Napi::Object result = Napi::Object::New(env);
  result.Set("connection", Connection::Open(env, std::move(near), onFrame, onClose));
  result.Set("fd", Napi::Number::New(env, far.release()));
  return result;
}

Napi::Value Pipe(const Napi::CallbackInfo& info) {
  int pair[2];
  if (pipe2(pair, O_CLOEXEC) != 0) Throw(info.Env(), Error::last("pipe2"));
  Napi::Array result = Napi::Array::New(info.Env(), 2);
  for (uint32_t i = 0; i < 2; i++) result.Set(i, Napi::Number::New(info.Env(), pair[i]));
  return result;
}

void CloseFd(const Napi::CallbackInfo& info) {
  int fd = args::Int(info[0]);
  if (fd < 0 || close(fd) != 0) Throw(info.Env(), fd < 0 ? Error{EBADF, "close", {}, {}} : Error::last("close"));
}

Napi::Value ProbeSockets(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!info[0].IsArray()) throw Napi::TypeError::New(env, "expected an array");
  auto paths = info[0].As<Napi::Array>();
  Napi::Array result = Napi::Array::New(env, paths.Length());
  for (uint32_t i = 0; i < paths.Length(); i++) {
    bool there = static_cast<bool>(Connect(args::Path(paths.Get(i)))) || errno == EAGAIN;  // busy, so somebody listens
    result.Set(i, Napi::Boolean::New(env, there));
  }
  return result;
}

}  // namespace

void RegisterSupervisorClient(Napi::Env env, Napi::Object exports) {
  exports.Set("spawnSupervisor", Napi::Function::New(env, SpawnSupervisor, "spawnSupervisor"));
  exports.Set("connectSupervisor", Napi::Function::New(env, ConnectSupervisor, "connectSupervisor"));
  exports.Set("makeConnection", Napi::Function::New(env, MakeConnection, "makeConnection"));
  exports.Set("pipe", Napi::Function::New(env, Pipe, "pipe"));
  exports.Set("closeFd", Napi::Function::New(env, CloseFd, "closeFd"));
  exports.Set("probeSockets", Napi::Function::New(env, ProbeSockets, "probeSockets"));
}

}  // namespace dockerlite
