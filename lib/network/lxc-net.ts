// SPDX-License-Identifier: Apache-2.0
import type { BridgeConfig } from './bridge';
import { broadcastOf, formatIpv4, gatewayOf, hardwareAddress, parseIpv4 } from './ipv4';

/** How one container is connected. */
export type Connection = { mode: 'none' } | { mode: 'host' } | { mode: 'bridge'; bridge: BridgeConfig; containerId: string; ip: string };

/** The host's end of the container's veth pair: whoever finds one left over can tell whose it was. */
export function vethName(containerId: string): string {
  return `dl${containerId.slice(0, 12)}`;
}

/** The connection as liblxc's `key=value` pairs, lxc.container.conf(5). */
export function lxcNetwork(connection: Connection): string[] {
  if (connection.mode === 'host') return ['lxc.net.0.type=none'];
  // Up: liblxc then brings the loopback device up in either mode.
  if (connection.mode === 'none') return ['lxc.net.0.type=empty', 'lxc.net.0.flags=up'];
  const { bridge, containerId, ip } = connection;
  return [
    'lxc.net.0.type=veth',
    `lxc.net.0.link=${bridge.name}`,
    'lxc.net.0.name=eth0',
    'lxc.net.0.flags=up',
    `lxc.net.0.veth.pair=${vethName(containerId)}`,
    `lxc.net.0.hwaddr=${hardwareAddress(parseIpv4(ip)!)}`,
    // The broadcast address too: without it liblxc 5.0 sets a wrong one (0.0.15.255 in a /20).
    `lxc.net.0.ipv4.address=${ip}/${bridge.subnet.prefix} ${formatIpv4(broadcastOf(bridge.subnet))}`,
    `lxc.net.0.ipv4.gateway=${formatIpv4(gatewayOf(bridge.subnet))}`,
  ];
}
