// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { machine } from 'node:os';

/**
 * Tells a filter's verdict on any system call without making the call: a filter of its own, which is asked as well, answers calls
 * whose last argument is a certain number with SECCOMP_RET_TRACE. That yields to every refusal, and without a tracer the call is
 * skipped with ENOSYS. Its arguments are pairs NUMBER:FIRST_ARGUMENT; it prints a line "NUMBER:FIRST_ARGUMENT ERRNO" each.
 */
export const SECCOMP_PROBE = `
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#define MARK 0x5ec0c0de
int main(int argc, char **argv) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[5])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MARK, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof code / sizeof *code, code};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program)) return 1;
  for (int i = 1; i < argc; i++) {
    char *end;
    long number = strtol(argv[i], &end, 0), first = *end ? strtoul(end + 1, 0, 0) : 0;
    long result = syscall(number, first, 0L, 0L, 0L, 0L, (long)MARK);
    printf("%s %d\\n", argv[i], result == -1 ? errno : 0);
  }
  return 0;
}
`;

const HEADERS: Record<string, string> = { x86_64: '/usr/include/x86_64-linux-gnu/asm/unistd_64.h', aarch64: '/usr/include/asm-generic/unistd.h' };

/** No filter sees these since Linux 6.13; made from anywhere but the kernel's own trampoline they end the process. */
const UNFILTERED = ['uprobe', 'uretprobe'];

/** The calls of this machine's kernel headers that a filter decides about. */
export function systemCalls(): Map<string, number> {
  const text = readFileSync(HEADERS[machine()] as string, 'latin1');
  const found = [...text.matchAll(/^#define __NR_(\w+)\s+(\d+)$/gm)].filter(([, name]) => !UNFILTERED.includes(name as string));
  return new Map(found.map(([, name, number]) => [name as string, Number(number)]));
}

export const REFUSED = 1; // EPERM
/** Let through to the probe's own filter, or answered so by the container's. */
export const PASSED = 38; // ENOSYS
