// SPDX-License-Identifier: Apache-2.0
import { beginWork, isAtWork } from '../util/owner';
import type { VolumeRow } from './record';

/** Says that the work on a volume is done or given up; safe to call twice. */
export type EndWork = () => void;

/** To be said in the transaction that makes this process a volume's owner. */
export function beginVolumeWork(name: string): EndWork {
  return beginWork(`volume ${name}`);
}

/** Whether the process that owns a volume's row is at work on it still. */
export function isVolumeAtWork({ owner, name }: Pick<VolumeRow, 'owner' | 'name'>): boolean {
  return isAtWork(owner, `volume ${name}`);
}
