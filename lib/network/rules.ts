// SPDX-License-Identifier: Apache-2.0
import type { BridgeConfig } from './bridge';
import { formatSubnet } from './ipv4';

/** The store's own table, in the ip family. Nothing outside it is ever touched. */
export function tableName(bridge: string): string {
  return `dockerlite_${bridge}`;
}

/**
 * The table as nft commands, applied as one transaction, so nobody ever sees half of it; applied again, they leave the same
 * rules and keep the map's elements. Nothing here grows with the number of containers: what will be published is an
 * element of the map.
 *
 * Docker's rules have the same meaning: containers reach everything, nobody reaches them from outside but through a
 * published port or as an answer.
 */
export function bridgeRules(config: BridgeConfig): string {
  const table = `ip ${tableName(config.name)}`;
  const subnet = formatSubnet(config.subnet);
  const bridge = `"${config.name}"`;
  return `
add table ${table}
add map ${table} published { type inet_proto . inet_service : ipv4_addr . inet_service; }
add chain ${table} prerouting { type nat hook prerouting priority dstnat; }
add chain ${table} postrouting { type nat hook postrouting priority srcnat; }
add chain ${table} forward { type filter hook forward priority filter; }
flush chain ${table} prerouting
flush chain ${table} postrouting
flush chain ${table} forward
add rule ${table} prerouting fib daddr type local dnat ip to meta l4proto . th dport map @published
add rule ${table} postrouting ip saddr ${subnet} oifname != ${bridge} masquerade
add rule ${table} forward iifname ${bridge} accept
add rule ${table} forward oifname ${bridge} ct state established,related accept
add rule ${table} forward oifname ${bridge} ct status dnat accept
add rule ${table} forward oifname ${bridge} drop
`;
}
