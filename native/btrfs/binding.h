// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <napi.h>

namespace dockerlite {

// Adds BtrfsBinding of lib/binding/types.ts to `exports`.
void RegisterBtrfs(Napi::Env env, Napi::Object exports);

// The part of it that is not about btrfs: mounts, loop devices, mount points, renames.
void RegisterSystem(Napi::Env env, Napi::Object exports);

// The part of it that is about simple quotas.
void RegisterQuota(Napi::Env env, Napi::Object exports);

}  // namespace dockerlite
