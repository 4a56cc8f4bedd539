// SPDX-License-Identifier: Apache-2.0
import { statfsSync } from 'node:fs';
import { posix } from 'node:path';
import { DockerliteError } from '../errors';
import type { MountSpec } from './mount-spec';

/** Where a container's first program is found: what lay over it would run before the container is confined. */
const OWN = '/dev/.dockerlite';

/** What may be replaced below /proc, as runc has it: anything else there decides about a process's own confinement. */
const REPLACEABLE = ['cpuinfo', 'diskstats', 'loadavg', 'meminfo', 'net/dev', 'slabinfo', 'stat', 'swaps', 'sys/crypto/fips_enabled', 'sys/kernel/ns_last_pid', 'uptime'];

const PROC_SUPER_MAGIC = 0x9fa0;

/** Whether something may be mounted at this place of a container. An image asks for places too. @throws E_INVALID, E_UNSUPPORTED */
export function checkMountTarget(target: string, mount?: MountSpec): void {
  if (target === '/dev' || isBelow(target, OWN) || target === OWN) {
    throw new DockerliteError('E_UNSUPPORTED', `"${target}" cannot be mounted because every container has a ${target === '/dev' ? target : OWN} of its own`, {
      hint: "--privileged gives all of the host's devices, --device one",
    });
  }
  if (target === '/proc' && !(mount?.type === 'bind' && isProc(mount.source))) {
    throw new DockerliteError('E_INVALID', `"${target}" cannot be mounted because it is not of type proc`);
  }
  if (isBelow(target, '/proc') && !REPLACEABLE.includes(posix.relative('/proc', target))) {
    throw new DockerliteError('E_INVALID', `"${target}" cannot be mounted because it is inside /proc`);
  }
}

export function isBelow(path: string, directory: string): boolean {
  return path.startsWith(`${directory}/`);
}

function isProc(path: string): boolean {
  try {
    return statfsSync(path).type === PROC_SUPER_MAGIC;
  } catch {
    return false;
  }
}
