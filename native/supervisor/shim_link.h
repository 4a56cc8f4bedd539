// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "supervisor/event_loop.h"

namespace dockerlite {

// What a FAILED frame calls `kind`.
enum class FailureKind : uint32_t { kEngine = 1, kNotFound = 2, kNotExecutable = 3, kUser = 4, kDirectory = 5 };

struct Failure {
  FailureKind kind = FailureKind::kEngine;
  uint32_t error = 0;
  std::string message;
};

// The socket to the init shim of one process: orders out; pid, terminal, warnings and failure in. Its end without a
// failure means that the payload was executed.
class ShimLink : public Watcher {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void OnShimHello(pid_t pid) = 0;
    virtual void OnShimTerminal(UniqueFd master) = 0;
    virtual void OnShimWarning(std::string text) = 0;
    virtual void OnShimGone(bool failed, Failure failure) = 0;
  };

  // Both ends; the far one is for the shim.
  static bool MakePair(UniqueFd& near, UniqueFd& far);

  // `hold` keeps the orders back until Release().
  ShimLink(EventLoop& loop, UniqueFd fd, std::string_view payload, Listener* listener, bool hold);
  ~ShimLink() override;
  // Starts listening. Orders that fit the socket's buffer have been there since construction, so a shim does not wait.
  // False when it cannot be watched.
  bool Listen();
  void Release();
  // Reads what there is, to the end if it has come.
  void Drain();
  void OnReady(int fd, uint32_t events) override;

 private:
  void Send();
  void Fail(const char* call, int error);
  bool Receive();
  void Interpret();
  void Message(char kind, std::string_view data);
  void Finish();

  EventLoop& loop_;
  UniqueFd fd_;
  Listener* listener_;
  std::string out_;
  size_t sent_ = 0;
  std::string in_;
  UniqueFd received_;
  bool listening_ = false;
  bool held_;
  bool failed_ = false;
  Failure failure_;
};

}  // namespace dockerlite
