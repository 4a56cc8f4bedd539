// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { type Bed, IMAGE } from './bed';
import { proportionalSize } from './machine-memory';
import { type Comparison, measured } from './result';

const COUNT = 50;

/** Proportional set size of each supervisor while 50 containers run. */
export async function compareMemory(bed: Bed): Promise<Comparison> {
  const options = { image: IMAGE, command: ['sleep', '3600'], network: 'none' as const };
  const containers = [];
  for (let i = 0; i < COUNT; i++) containers.push(await bed.engine.containers.run(options));
  const sizes: number[] = [];
  for (const container of containers) {
    const { State } = await container.inspect();
    sizes.push(proportionalSize(parentOf(State.Pid)));
  }
  await bed.clear();
  const side = measured('supervisor, PSS', 'KiB', sizes);
  return {
    title: `memory of a supervisor, ${COUNT} running`,
    sides: [side],
    checks: [{ what: 'median', value: side.summary.p50, unit: 'KiB', atMost: 512 }],
  };
}

/** The parent of a container's init is its supervisor. */
function parentOf(pid: number): number {
  const parent = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (!readFileSync(`/proc/${parent}/comm`, 'utf8').startsWith('dockerlite-')) throw new Error(`process ${parent} is no supervisor`);
  return Number(parent);
}
