// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { hasUnifiedCgroups } from '../../lib/binding/features';

/** What the control group of a running container says, on v1 and on v2. */
export class CgroupValues {
  constructor(private readonly id: string) {}

  memory(): number {
    return Number(this.read('memory', 'memory.limit_in_bytes', 'memory.max'));
  }

  pids(): string {
    return this.read('pids', 'pids.max', 'pids.max');
  }

  /** Microseconds of each 100 ms. */
  quota(): string {
    return this.read('cpu', 'cpu.cfs_quota_us', 'cpu.max').split(' ')[0] as string;
  }

  read(controller: string, legacy: string, unified: string): string {
    const group = `lxc.payload.${this.id}`;
    return readFileSync(hasUnifiedCgroups() ? `/sys/fs/cgroup/${group}/${unified}` : `/sys/fs/cgroup/${controller}/${group}/${legacy}`, 'latin1').trim();
  }
}
