// SPDX-License-Identifier: Apache-2.0
#include "supervisor/restart_policy.h"

#include <algorithm>

namespace dockerlite {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kFirstWait = kSecond / 10;
constexpr int64_t kLongestWait = 60 * kSecond;
constexpr int64_t kLongRun = 10 * kSecond;

}  // namespace

std::optional<int64_t> RestartPolicy::Next(int status, int64_t ranNs) {
  if (cancelled_ || orders_.kind == RestartKind::kNever) return std::nullopt;
  if (orders_.kind == RestartKind::kOnFailure && (status == 0 || (orders_.most && count_ >= orders_.most)))
    return std::nullopt;
  wait_ = wait_ == 0 || ranNs >= kLongRun ? kFirstWait : std::min(wait_ * 2, kLongestWait);
  count_++;
  return wait_;
}

}  // namespace dockerlite
