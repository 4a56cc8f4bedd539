// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sys/result.h"

namespace dockerlite::seccomp {

struct Comparison {
  unsigned index = 0;
  int op = 0;  // enum scmp_compare
  uint64_t a = 0, b = 0;
};

// All of `comparisons` must hold.
struct Rule {
  std::vector<std::string> names;
  uint32_t action = 0;  // SECCOMP_RET_* with its data
  std::vector<Comparison> comparisons;
};

struct Policy {
  uint32_t action = 0;                     // of calls no rule names
  std::vector<std::string> architectures;  // libseccomp's names, the machine's own first
  std::vector<Rule> rules;
  // What calls with a higher number than every call the rules name get instead, 0 for nothing special: a program tries new
  // calls first, and takes ENOSYS for "not there" but EPERM for "not you".
  uint32_t beyond = 0;
  bool plain = false;  // as libseccomp writes it
};

// The filter as an array of struct sock_filter. Calls that this libseccomp or an architecture does not know are left out.
Result<std::string> Compile(const Policy& policy);

// libseccomp's version, "2.5.4".
std::string Version();

}  // namespace dockerlite::seccomp
