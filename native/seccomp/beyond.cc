// SPDX-License-Identifier: Apache-2.0
#include "seccomp/beyond.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>

#include <algorithm>
#include <cstddef>

#include "seccomp/compact.h"

namespace dockerlite::seccomp {
namespace {

// x32 calls come as those of x86-64, with this bit in their number.
constexpr uint32_t kX32Bit = 0x40000000;

void Load(Code& code, size_t offset) {
  code.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset)));
}

void Jump(Code& code, uint16_t comparison, uint32_t value, size_t ifTrue, size_t ifFalse) {
  auto kind = static_cast<uint16_t>(BPF_JMP | comparison | BPF_K);
  code.push_back(BPF_JUMP(kind, value, static_cast<uint8_t>(ifTrue), static_cast<uint8_t>(ifFalse)));
}

// -1 when the architecture has none of the calls.
int64_t Newest(const Policy& policy, uint32_t architecture) {
  int64_t newest = -1;
  for (auto& rule : policy.rules)
    for (auto& name : rule.names)
      newest = std::max<int64_t>(newest, seccomp_syscall_resolve_name_arch(architecture, name.c_str()));
  return newest;
}

// What AUDIT_ARCH a call of this architecture is seen with, and which calls of that are its own.
struct Section {
  uint32_t audit;
  bool x32;
  uint32_t newest;
};

std::vector<Section> Sections(const Policy& policy, const std::vector<uint32_t>& architectures) {
  std::vector<Section> sections;
  for (uint32_t architecture : architectures) {
    int64_t newest = Newest(policy, architecture);
    if (newest < 0) continue;
    bool x32 = architecture == SCMP_ARCH_X32;
    sections.push_back({x32 ? AUDIT_ARCH_X86_64 : architecture, x32, static_cast<uint32_t>(newest)});
  }
  return sections;
}

}  // namespace

std::string Beyond(const Policy& policy, const std::vector<uint32_t>& architectures) {
  Code code;
  for (auto& section : Sections(policy, architectures)) {
    // Not this architecture: past the rest of the section.
    bool split = section.audit == AUDIT_ARCH_X86_64;
    Load(code, offsetof(seccomp_data, arch));
    Jump(code, BPF_JEQ, section.audit, 0, split ? 4 : 3);
    Load(code, offsetof(seccomp_data, nr));
    if (split) Jump(code, BPF_JGE, kX32Bit, section.x32 ? 0 : 2, section.x32 ? 2 : 0);
    Jump(code, BPF_JGT, section.newest, 0, 1);
    code.push_back(BPF_STMT(BPF_RET | BPF_K, policy.beyond));
  }
  return std::string(reinterpret_cast<const char*>(code.data()), code.size() * sizeof(sock_filter));
}

}  // namespace dockerlite::seccomp
