// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import type { Store } from '../store/store';
import type { MountSpec } from './mount-spec';
import { findContainer, specOf } from './record';
import { parseMode } from './volume-flag';

/** The bind mounts and volumes of other containers: `CONTAINER[:ro|rw]`. @throws E_NO_SUCH_CONTAINER, E_INVALID */
export function inheritedMounts(store: Store, list: string[]): MountSpec[] {
  return list.flatMap((text) => {
    const colon = text.indexOf(':');
    const name = colon < 0 ? text : text.slice(0, colon);
    if (text === '') throw new DockerliteError('E_INVALID', 'volumes-from specification cannot be an empty string');
    if (name === '') throw new DockerliteError('E_INVALID', `invalid volumes-from specification: '${text}'`);
    const { readonly, propagation, noCopy } = parseMode(colon < 0 ? '' : text.slice(colon + 1));
    if (propagation || noCopy) throw new DockerliteError('E_INVALID', `invalid mode for volumes-from: ${text.slice(colon + 1)}`);
    return specOf(findContainer(store, name)).mounts.flatMap((mount) => (mount.type === 'tmpfs' ? [] : [{ ...mount, readonly: readonly || mount.readonly }]));
  });
}
