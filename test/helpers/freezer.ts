// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The control group by which a process can be frozen. */
export function freezerOf(pid: number): string {
  const lines = readFileSync(`/proc/${pid}/cgroup`, 'utf8').split('\n').map((line) => line.split(':'));
  const legacy = lines.find(([, controllers]) => controllers === 'freezer');
  const [, , path = ''] = legacy ?? lines.find(([number]) => number === '0') ?? [];
  return join(legacy === undefined ? '/sys/fs/cgroup' : '/sys/fs/cgroup/freezer', path);
}

function isLegacy(group: string): boolean {
  return existsSync(join(group, 'freezer.state'));
}

/** Behind the back of whoever looks after the container. */
export function setFrozen(group: string, frozen: boolean): void {
  if (isLegacy(group)) writeFileSync(join(group, 'freezer.state'), frozen ? 'FROZEN' : 'THAWED');
  else writeFileSync(join(group, 'cgroup.freeze'), frozen ? '1' : '0');
}

export function isFrozen(group: string): boolean {
  const [file, wanted] = isLegacy(group) ? ['freezer.state', /FROZEN/] : ['cgroup.events', /frozen 1/];
  return (wanted as RegExp).test(readFileSync(join(group, file as string), 'utf8'));
}

export function processesIn(group: string): number[] {
  return readFileSync(join(group, 'cgroup.procs'), 'utf8').split('\n').filter((line) => line !== '').map(Number);
}
