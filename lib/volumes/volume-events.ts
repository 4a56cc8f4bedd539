// SPDX-License-Identifier: Apache-2.0
import { recordEvent } from '../events/journal';
import type { Store } from '../store/store';

export function recordVolumeEvent(store: Pick<Store, 'layout'>, name: string, action: 'create' | 'destroy'): void {
  recordEvent(store, 'volume', action, name, { driver: 'local' });
}
