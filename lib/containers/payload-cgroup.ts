// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { hasUnifiedCgroups } from '../binding/features';
import { DockerliteError } from '../errors';
import type { ContainerRow } from './record';

const ROOT = '/sys/fs/cgroup';

/**
 * Directory of a running container's control group, of one controller on v1. Its id is in the group's name, so that a
 * process that has got the pid since is not taken for it. @throws E_NOT_RUNNING
 */
export function payloadCgroup({ id, pid }: Pick<ContainerRow, 'id' | 'pid'>, controller: string): string {
  const unified = hasUnifiedCgroups();
  for (const line of read(pid).split('\n')) {
    const [, controllers = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (unified ? controllers !== '' : !controllers.split(',').includes(controller)) continue;
    // What runs inside may have made groups of its own below.
    const parts = path.split('/');
    const own = parts.findIndex((part) => part.includes(id));
    if (own >= 0) return `${ROOT}${unified ? '' : `/${controller}`}${parts.slice(0, own + 1).join('/')}`;
  }
  throw new DockerliteError('E_NOT_RUNNING', `Container ${id} is not running`);
}

function read(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'latin1');
  } catch {
    return '';
  }
}
