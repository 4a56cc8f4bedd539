// SPDX-License-Identifier: Apache-2.0
import type { StateDatabase } from '../store/database';
import { releaseAddress } from './address-pool';
import { releaseAddress6 } from './address-pool6';

/**
 * Gives back what a container that does not run has of its networks: addresses (with `keepFixed` not those it was
 * promised) and ports of the host. Part of the caller's transaction.
 */
export function releaseNetworking(db: StateDatabase, containerId: string, options: { keepFixed?: boolean } = {}): void {
  releaseAddress(db.raw, containerId, options);
  releaseAddress6(db, containerId, options);
  db.run('DELETE FROM ports WHERE container_id = ?', containerId);
}
