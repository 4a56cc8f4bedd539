// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <napi.h>

namespace dockerlite {

void RegisterJournal(Napi::Env env, Napi::Object exports);

}  // namespace dockerlite
