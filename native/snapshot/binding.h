// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <napi.h>

namespace dockerlite::snapshot {

// sendSnapshot, openSnapshots, nextSnapshot, receiveSnapshot, snapshotsDigest, closeSnapshots: jobs as those of archives are.
void Register(Napi::Env env, Napi::Object exports);

}  // namespace dockerlite::snapshot
