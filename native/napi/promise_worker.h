// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <napi.h>

#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include "napi/errors.h"
#include "sys/result.h"

namespace dockerlite {

// Runs `work` (no Node-API inside it) away from the main thread and settles a promise with what
// `toJs` makes of its result.
//
// Thread of each part:
//   PromiseWorker::Queue   main thread; returns the promise
//   work                   libuv's pool: only for calls that end by themselves within milliseconds
//   toJs / rejection       main thread
//   destruction            main thread, right after settling
template <typename T>
class PromiseWorker : public Napi::AsyncWorker {
 public:
  using Work = std::function<Result<T>()>;
  using ToJs = std::function<Napi::Value(Napi::Env, T&)>;

  static Napi::Value Queue(Napi::Env env, Work work, ToJs toJs) {
    auto* worker = new PromiseWorker(env, std::move(work), std::move(toJs));
    Napi::Promise promise = worker->deferred_.Promise();
    worker->Napi::AsyncWorker::Queue();  // AsyncWorker deletes itself after OnOK/OnError
    return promise;
  }

 protected:
  void Execute() override { result_ = work_(); }
  void OnOK() override {
    Napi::HandleScope scope(Env());
    if (result_)
      deferred_.Resolve(toJs_(Env(), result_.value()));
    else
      deferred_.Reject(ToJsError(Env(), result_.error()));
  }
  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  PromiseWorker(Napi::Env env, Work work, ToJs toJs)
      : Napi::AsyncWorker(env),
        deferred_(Napi::Promise::Deferred::New(env)),
        work_(std::move(work)),
        toJs_(std::move(toJs)) {}

  Napi::Promise::Deferred deferred_;
  Work work_;
  ToJs toJs_;
  Result<T> result_{Error{}};
};

// The same for work that may take long (archives, batches, waiting): a thread of its own, so that
// libuv's four pool threads stay free.
template <typename T>
class PromiseThread {
 public:
  using Work = std::function<Result<T>()>;
  using ToJs = std::function<Napi::Value(Napi::Env, T&)>;

  static Napi::Value Start(Napi::Env env, Work work, ToJs toJs) {
    auto* self = new PromiseThread(env, std::move(work), std::move(toJs));
    Napi::Promise promise = self->deferred_.Promise();
    self->tsfn_ = Napi::ThreadSafeFunction::New(env, Napi::Function::New(env, [](const Napi::CallbackInfo&) {}),
                                                "dockerlite", 1, 1, [self](Napi::Env) {
                                                  self->thread_.join();
                                                  delete self;
                                                });
    self->thread_ = std::thread([self] {
      self->result_ = self->work_();
      self->tsfn_.BlockingCall([self](Napi::Env env, Napi::Function) {
        if (self->result_)
          self->deferred_.Resolve(self->toJs_(env, self->result_.value()));
        else
          self->deferred_.Reject(ToJsError(env, self->result_.error()));
      });
      self->tsfn_.Release();
    });
    return promise;
  }

 private:
  PromiseThread(Napi::Env env, Work work, ToJs toJs)
      : deferred_(Napi::Promise::Deferred::New(env)), work_(std::move(work)), toJs_(std::move(toJs)) {}

  Napi::Promise::Deferred deferred_;
  Work work_;
  ToJs toJs_;
  Result<T> result_{Error{}};
  Napi::ThreadSafeFunction tsfn_;
  std::thread thread_;
};

}  // namespace dockerlite
