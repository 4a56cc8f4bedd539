// SPDX-License-Identifier: Apache-2.0
#include "shim.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *limit_name(int resource) {
  static const char *const names[] = {"cpu",    "fsize",   "data", "stack", "core",       "rss",      "nproc", "nofile",
                                      "memlock", "as", "locks", "sigpending", "msgqueue", "nice", "rtprio", "rttime"};
  return resource >= 0 && (size_t)resource < sizeof names / sizeof *names ? names[resource] : "another resource";
}

void raise_limits(const struct payload *payload) {
  for (size_t i = 0; i < payload->limitc; i++) {
    struct limit *limit = &payload->limits[i];
    struct rlimit64 value = {limit->soft, limit->hard}, now;
    if (prlimit64(0, (unsigned)limit->resource, &value, NULL) == 0) continue;
    if (errno != EPERM || prlimit64(0, (unsigned)limit->resource, NULL, &now) != 0)
      fail(FAIL_ENGINE, errno, "cannot set a resource limit", "", "");
    // Without CAP_SYS_RESOURCE the hard limit only goes down: take what there is and say so.
    if (value.rlim_max > now.rlim_max) value.rlim_max = now.rlim_max;
    if (value.rlim_cur > value.rlim_max) value.rlim_cur = value.rlim_max;
    prlimit64(0, (unsigned)limit->resource, &value, NULL);
    link_warn("the host's hard limit is lower than the ulimit asked for, and cannot be raised: taken instead for ",
              limit_name(limit->resource));
  }
}

static void install_filter(const struct filter *filter) {
  if (filter->size == 0) return;
  if (filter->size % sizeof(struct sock_filter) != 0 || filter->size / sizeof(struct sock_filter) > BPF_MAXINSNS)
    fail(FAIL_ENGINE, EINVAL, "malformed seccomp filter", "", "");
  size_t count = filter->size / sizeof(struct sock_filter);
  struct sock_filter *code = must_alloc(filter->size);  // aligned
  memcpy(code, filter->code, filter->size);
  struct sock_fprog program = {(unsigned short)count, code};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
    fail(FAIL_ENGINE, errno, "cannot install the seccomp filter: ", strerror(errno), "");
}

// The last one first: Docker's policy, the first, does not let an unprivileged process install another.
void install_filters(const struct payload *payload) {
  for (size_t i = payload->filterc; i > 0; i--) install_filter(&payload->filters[i - 1]);
}

void drop_bounding_set(const struct payload *payload) {
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  if (!payload->has_capabilities) return;
  for (unsigned long cap = 0; cap < 64; cap++) {
    if (payload->capabilities >> cap & 1) continue;
    int held = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);
    if (held < 0) break;  // past the kernel's last one
    if (held == 1 && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0)
      fail(FAIL_ENGINE, errno, "cannot drop a capability: ", strerror(errno), "");
  }
}

static void keep_capabilities(uint64_t keep) {
  struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  if (syscall(SYS_capget, &head, data) != 0) fail(FAIL_ENGINE, errno, "capget: ", strerror(errno), "");
  for (int i = 0; i < 2; i++) {
    data[i].permitted &= (uint32_t)(keep >> (32 * i));
    data[i].effective = data[i].permitted;
    data[i].inheritable = 0;
  }
  if (syscall(SYS_capset, &head, data) != 0) fail(FAIL_ENGINE, errno, "capset: ", strerror(errno), "");
}

void become(const struct payload *payload, const struct identity *identity) {
  bool no_new_privs = payload->flags & PAYLOAD_NO_NEW_PRIVS;
  // Without no_new_privs the filter needs CAP_SYS_ADMIN, so it goes in before the capabilities go.
  if (!no_new_privs) install_filters(payload);
  drop_bounding_set(payload);
  if (setgroups(identity->groupc, identity->groups) != 0)
    fail(FAIL_USER, errno, "cannot set the groups: ", strerror(errno), "");
  if (setresgid(identity->gid, identity->gid, identity->gid) != 0)
    fail(FAIL_USER, errno, "cannot set the group: ", strerror(errno), "");
  if (setresuid(identity->uid, identity->uid, identity->uid) != 0)
    fail(FAIL_USER, errno, "cannot set the user: ", strerror(errno), "");
  keep_capabilities(payload->has_capabilities ? payload->capabilities : UINT64_MAX);
  if (no_new_privs) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail(FAIL_ENGINE, errno, "no_new_privs: ", strerror(errno), "");
    install_filters(payload);
  }
}
