// SPDX-License-Identifier: Apache-2.0
import * as net from '../binding/net';
import { deniedElements } from '../network/egress';
import type { Store } from '../store/store';
import { containerElements } from './network-state';
import type { ContainerRow } from './record';

/** What a container's egress policy has refused since its start. */
export interface EgressCounters {
  packets: number;
  bytes: number;
}

/** Zeros for a container without a policy, or one that does not run. */
export async function egressCounters(store: Store, row: ContainerRow): Promise<EgressCounters> {
  const total = { packets: 0, bytes: 0 };
  if (row.state === 'created' || row.state === 'exited') return total;
  for (const element of deniedElements(containerElements(store, row))) {
    const { packets, bytes } = await net.readCounter(element);
    total.packets += packets;
    total.bytes += bytes;
  }
  return total;
}
