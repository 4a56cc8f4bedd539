// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import { DockerliteError } from '../errors';

/** Another process is at work on a volume that is needed. */
export class VolumeBusy extends Error {
  constructor(name: string) {
    super(`volume ${name} is being made or removed by another process`);
  }
}

const PATIENCE_MS = 30_000;

/** Runs a transaction that needs volumes, again as long as another process is at work on one of them. @throws E_CONFLICT */
export async function whenFree<T>(transaction: () => T): Promise<T> {
  for (const end = Date.now() + PATIENCE_MS; ; await delay(5)) {
    try {
      return transaction();
    } catch (error) {
      if (!(error instanceof VolumeBusy)) throw error;
      if (Date.now() > end) throw new DockerliteError('E_CONFLICT', error.message);
    }
  }
}
