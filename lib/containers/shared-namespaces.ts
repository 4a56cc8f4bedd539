// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import { firstHostId, rootOnHost } from '../security/id-ranges';
import { containerOf } from '../security/namespaces';
import type { Store } from '../store/store';
import { sharedNetworkOf } from './networking';
import { type ContainerRow, findContainer } from './record';
import type { ContainerSpec } from './spec';

export interface SharedNamespaces {
  /** liblxc's keys. */
  keys: string[];
  /** What the container's root is on the host, 0 for the host's ids. */
  firstId: number;
  /** A process with the IPC namespace, when that is another container's. */
  ipcProcess?: number;
}

/** All namespaces its own, the user namespace apart, which is the host's. */
export const NOT_SHARED: SharedNamespaces = { keys: [], firstId: 0 };

/**
 * The namespaces of other containers that this one is to have. They belong to those containers' users, so it has their ids too.
 * @throws E_NO_SUCH_CONTAINER, E_CONFLICT (not running, or with ids that differ)
 */
export function sharedNamespaces(store: Store, row: ContainerRow, { network, isolation = {} }: ContainerSpec): SharedNamespaces {
  const own = firstHostId(store.marker, row.id_range);
  const wanted = [
    ['pid', containerOf(isolation.pidMode)],
    ['ipc', containerOf(isolation.ipcMode)],
    ['net', sharedNetworkOf(network)],
  ].flatMap(([name, other]) => (name && other ? [{ name, other: running(store, name, other) }] : []));
  const keys = wanted.map(({ name, other }) => `lxc.namespace.share.${name}=${other.pid}`);
  const ipcProcess = wanted.find(({ name }) => name === 'ipc')?.other.pid;
  const [first] = wanted;
  // The host's root may do in them what their own root may.
  if (first === undefined || own === 0) return { keys, firstId: own, ipcProcess };
  const firstId = rootOnHost(first.other.pid);
  if (wanted.some(({ other }) => rootOnHost(other.pid) !== firstId)) {
    throw new DockerliteError('E_CONFLICT', 'cannot join namespaces of containers with different user namespaces');
  }
  const user = firstId > 0 ? [`lxc.namespace.share.user=${first.other.pid}`] : [];
  return { keys: [...user, ...keys], firstId, ipcProcess };
}

function running(store: Store, name: string, wanted: string): ContainerRow {
  const other = findContainer(store, wanted);
  if (other.state === 'running') return other;
  if (name === 'net') throw new DockerliteError('E_CONFLICT', `cannot join network of a non running container: ${other.id}`);
  throw new DockerliteError('E_CONFLICT', `cannot join ${name.toUpperCase()} namespace of a non running container: ${other.id}`);
}
