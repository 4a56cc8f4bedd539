// SPDX-License-Identifier: Apache-2.0
import * as net from '../binding/net';
import type { Context } from '../context';
import { deniedElements } from '../network/egress-elements';
import { containerElements } from './network-state';
import { networkingOf } from './networking';
import { type ContainerRow, specOf } from './record';
import { isAllowed } from './state';
import { withSupervisor } from './supervise';

/** What a container's egress policy has refused since its start. */
export interface EgressCounters {
  packets: number;
  bytes: number;
  /** Questions for names that are not in the list. */
  names: number;
}

/** undefined for a container without a policy; zeros while it does not run. */
export async function egressCounters(context: Pick<Context, 'store'>, row: ContainerRow): Promise<EgressCounters | undefined> {
  if (networkingOf(specOf(row)).egress === undefined) return undefined;
  const total = { packets: 0, bytes: 0, names: 0 };
  if (!isAllowed('top', row.state)) return total;
  for (const element of deniedElements(containerElements(context.store, row))) {
    // It may end just now, and somebody may have flushed the tables.
    const { packets, bytes } = await net.readCounter(element).catch(() => ({ packets: 0, bytes: 0 }));
    total.packets += packets;
    total.bytes += bytes;
  }
  total.names = await withSupervisor(context, row, async (supervisor) => (await supervisor.status()).refusedNames).catch(() => 0);
  return total;
}
