// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <string>
#include <utility>
#include <variant>

namespace dockerlite {

// Why a system or library call failed. Crosses into JavaScript as
// { errno, syscall, path, message }; lib/binding turns it into a coded error.
struct Error {
  int code = 0;         // errno value, 0 when a library failed without one
  std::string syscall;  // "ioctl(BTRFS_IOC_SNAP_CREATE_V2)", "openat2", "archive_read_next_header"
  std::string path;     // what it was called on, may be empty
  std::string message;  // the library's own words, may be empty

  static Error last(std::string syscall, std::string path = {}) {
    return Error{errno, std::move(syscall), std::move(path), {}};
  }
};

// A value or the error that kept it from being made.
template <typename T>
class Result {
 public:
  Result(T value) : state_(std::move(value)) {}
  Result(Error error) : state_(std::move(error)) {}
  explicit operator bool() const { return std::holds_alternative<T>(state_); }
  T& value() { return std::get<T>(state_); }
  const T& value() const { return std::get<T>(state_); }
  Error& error() { return std::get<Error>(state_); }
  const Error& error() const { return std::get<Error>(state_); }

 private:
  std::variant<T, Error> state_;
};

struct Nothing {};
using Status = Result<Nothing>;

}  // namespace dockerlite
