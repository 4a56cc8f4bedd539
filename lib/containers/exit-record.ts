// SPDX-License-Identifier: Apache-2.0
import { readFileSync, rmSync } from 'node:fs';
import type { HealthState } from './healthcheck';
import type { Store } from '../store/store';

/** How a container ended, as its supervisor left it in `containers/ID/exit`. */
export interface ExitRecord {
  /** As waitpid(2) gives it. */
  status: number;
  /** ns since the epoch. */
  startedAt: string;
  finishedAt: string;
  oomKilled: boolean;
  error: string;
  /** How often its restart policy started it again. */
  restartCount?: number;
  health?: HealthState;
}

export function readExitRecord(store: Pick<Store, 'layout'>, id: string): ExitRecord | undefined {
  try {
    return JSON.parse(readFileSync(store.layout.containerExit(id), 'utf8')) as ExitRecord;
  } catch {
    return undefined;
  }
}

export function clearExitRecord(store: Store, id: string): void {
  rmSync(store.layout.containerExit(id), { force: true });
}

/** The exit code a shell shows for a wait status: the process's own, or 128 plus the signal that ended it. */
export function exitCodeOf(status: number): number {
  const signal = status & 0x7f;
  return signal === 0 ? (status >> 8) & 0xff : 128 + signal;
}
