// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace dockerlite {

// When a process began, in clock ticks since boot (field 22 of proc_pid_stat(5)); 0 when there is none, or only a zombie.
uint64_t StartTime(pid_t pid);

}  // namespace dockerlite
