// SPDX-License-Identifier: Apache-2.0
#include "seccomp/compile.h"

#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "seccomp/beyond.h"
#include "seccomp/compact.h"
#include "sys/unique_fd.h"

namespace dockerlite::seccomp {
namespace {

using Filter = std::unique_ptr<void, decltype(&seccomp_release)>;

Error Failed(const char* call, int result, std::string about = {}) {
  return Error{-result, call, std::move(about), {}};
}

Result<std::vector<uint32_t>> AddArchitectures(const Filter& filter, const std::vector<std::string>& names) {
  std::vector<uint32_t> tokens;
  for (auto& name : names) {
    uint32_t token = seccomp_arch_resolve_name(name.c_str());
    if (token == 0) return Error{EINVAL, "seccomp_arch_resolve_name", name, "unknown architecture"};
    int result = seccomp_arch_add(filter.get(), token);
    if (result != 0 && result != -EEXIST) return Failed("seccomp_arch_add", result, name);
    tokens.push_back(token);
  }
  return tokens;
}

Status AddCall(const Filter& filter, const Rule& rule, const std::string& name) {
  int number = seccomp_syscall_resolve_name(name.c_str());
  if (number == __NR_SCMP_ERROR) return Nothing{};
  std::vector<scmp_arg_cmp> comparisons;
  for (auto& one : rule.comparisons)
    comparisons.push_back({one.index, static_cast<scmp_compare>(one.op), one.a, one.b});
  int result = seccomp_rule_add_array(filter.get(), rule.action, number, static_cast<unsigned>(comparisons.size()),
                                      comparisons.data());
  // A rule that another one covers is no mistake.
  if (result != 0 && result != -EEXIST) return Failed("seccomp_rule_add_array", result, name);
  return Nothing{};
}

std::vector<uint32_t> Audits(const std::vector<uint32_t>& architectures) {
  std::vector<uint32_t> audits = architectures;
  std::ranges::replace(audits, static_cast<uint32_t>(SCMP_ARCH_X32), static_cast<uint32_t>(SCMP_ARCH_X86_64));
  return audits;
}

std::string Compacted(const std::string& bytes, const std::vector<uint32_t>& audits) {
  Code code(bytes.size() / sizeof(sock_filter));
  memcpy(code.data(), bytes.data(), code.size() * sizeof(sock_filter));
  code = Compact(code, audits);
  return std::string(reinterpret_cast<const char*>(code.data()), code.size() * sizeof(sock_filter));
}

Result<std::string> Export(const Filter& filter) {
  UniqueFd file(memfd_create("seccomp", MFD_CLOEXEC));
  if (!file) return Error::last("memfd_create");
  int result = seccomp_export_bpf(filter.get(), file.get());
  if (result != 0) return Failed("seccomp_export_bpf", result);
  off_t size = lseek(file.get(), 0, SEEK_END);
  std::string code(static_cast<size_t>(size), '\0');
  if (pread(file.get(), code.data(), code.size(), 0) != size) return Error::last("pread");
  return code;
}

}  // namespace

Result<std::string> Compile(const Policy& policy) {
  Filter filter(seccomp_init(policy.action), &seccomp_release);
  if (!filter) return Error{EINVAL, "seccomp_init", {}, "libseccomp does not know the default action"};
  Result<std::vector<uint32_t>> architectures = AddArchitectures(filter, policy.architectures);
  if (!architectures) return architectures.error();
  // A tree of comparisons instead of a chain: 9 instead of up to 400.
  seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
  for (auto& rule : policy.rules) {
    if (rule.action == policy.action) continue;
    for (auto& name : rule.names)
      if (Status added = AddCall(filter, rule, name); !added) return added.error();
  }
  Result<std::string> exported = Export(filter);
  if (!exported) return exported;
  std::string code = std::move(exported.value());
  if (policy.beyond != 0) code.insert(0, Beyond(policy, architectures.value()));
  return policy.plain ? code : Compacted(code, Audits(architectures.value()));
}

std::string Version() {
  const scmp_version* version = seccomp_version();
  return std::to_string(version->major) + "." + std::to_string(version->minor) + "." + std::to_string(version->micro);
}

}  // namespace dockerlite::seccomp
