// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace dockerlite {

// The type of the mount that stands for all those that hide and protect what a container has of proc and sysfs. liblxc
// would take nine system calls for each of them, and there are a dozen.
inline constexpr char kSystemPaths[] = "system-paths";

// Makes them, in liblxc's child: `proc` is the container's, and what it is mounted in its root. `options` are words with
// commas between, of paths relative to that: `read-only=PATH`, `null=PATH` (a file, covered by /dev/null),
// `empty=PATH` (a directory, covered by sysfs's for control groups, in which nothing is and nothing can be made). What is
// not there is left out. Returns -1 with errno like mount(2).
int CoverSystemPaths(const char* proc, const char* options);

}  // namespace dockerlite
