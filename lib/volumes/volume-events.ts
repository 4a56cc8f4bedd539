// SPDX-License-Identifier: Apache-2.0
import { postEvent } from '../events/outbox';
import type { Store } from '../store/store';

/** In the transaction that changes it. */
export function postVolumeEvent(store: Pick<Store, 'db' | 'layout'>, name: string, action: 'create' | 'destroy'): void {
  postEvent(store, 'volume', action, name, { driver: 'local' });
}
