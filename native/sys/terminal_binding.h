// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <napi.h>

namespace dockerlite {

// Adds TerminalBinding of lib/binding/types.ts to `exports`.
void RegisterTerminal(Napi::Env env, Napi::Object exports);

}  // namespace dockerlite
