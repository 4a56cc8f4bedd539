// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { type Attachment, defaultRouteOf } from './attachment';
import { broadcastOf, formatIpv4 } from './ipv4';

/** How one container is connected: its own namespace without anything, another's, or bridges. */
export type Connection = { mode: 'none' } | { mode: 'host' } | { mode: 'container' } | { mode: 'bridge'; attachments: Attachment[] };

/** The connection as liblxc's `key=value` pairs, lxc.container.conf(5). IPv6 addresses are the supervisor's to give. */
export function lxcNetwork(connection: Connection): string[] {
  if (connection.mode === 'host') return ['lxc.net.0.type=none'];
  // liblxc is told with the other namespaces that are shared.
  if (connection.mode === 'container') return [];
  // Up: liblxc then brings the loopback device up in either mode.
  if (connection.mode === 'none') return ['lxc.net.0.type=empty', 'lxc.net.0.flags=up'];
  const outward = defaultRouteOf(connection.attachments);
  return connection.attachments.flatMap((attachment) => veth(attachment, attachment === outward));
}

function veth({ network, index, ip, mac, veth: pair }: Attachment, gateway: boolean): string[] {
  const { subnet, gateway: router } = network.v4!;
  const key = `lxc.net.${index}`;
  return [
    `${key}.type=veth`,
    `${key}.link=${network.bridge}`,
    `${key}.name=eth${index}`,
    `${key}.flags=up`,
    `${key}.veth.pair=${pair}`,
    `${key}.hwaddr=${mac}`,
    ...mtuKeys(key, network.bridge),
    // The broadcast address too: without it liblxc 5.0 sets a wrong one (0.0.15.255 in a /20).
    `${key}.ipv4.address=${ip}/${subnet.prefix} ${formatIpv4(broadcastOf(subnet))}`,
    ...(gateway ? [`${key}.ipv4.gateway=${formatIpv4(router)}`] : []),
  ];
}

/** The bridge's own; to find that out liblxc has the kernel list every link of the machine. */
function mtuKeys(key: string, bridge: string): string[] {
  try {
    return [`${key}.mtu=${Number(readFileSync(`/sys/class/net/${bridge}/mtu`, 'latin1'))}`];
  } catch {
    return []; // somebody has just removed it: liblxc says so
  }
}
