// SPDX-License-Identifier: Apache-2.0

const GOARCH: Record<string, string> = { x64: 'amd64', arm64: 'arm64', arm: 'arm', ia32: '386', ppc64: 'ppc64le', s390x: 's390x', riscv64: 'riscv64' };

/** This machine's architecture in the OCI specification's (Go's) words. */
export function architecture(): string {
  return GOARCH[process.arch] ?? process.arch;
}
