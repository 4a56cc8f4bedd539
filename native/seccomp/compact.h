// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <vector>

namespace dockerlite::seccomp {

using Code = std::vector<sock_filter>;

// The same verdicts in fewer instructions: the kernel checks, translates and compiles a filter anew for each process that
// installs it. libseccomp compares with every call's number; here neighbours of one verdict are one range. What depends on
// arguments stays as it is. A program of another form than libseccomp's and Beyond()'s is given back unchanged.
// `audits`: the AUDIT_ARCH_* the program tells apart.
Code Compact(const Code& code, const std::vector<uint32_t>& audits);

}  // namespace dockerlite::seccomp
