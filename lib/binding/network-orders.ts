// SPDX-License-Identifier: Apache-2.0
import type { Field } from './frames';

/** What a supervisor does about its container's networks, see docs/architecture.md. In START and NETWORK frames. */
export interface NetworkOrders {
  /** Transactions of nftables to send when the container has ended, as encodeElements() makes them. */
  atExit: Buffer[];
  /** Ports of the host to keep for it. */
  ports: { proto: string; hostIp: string; hostPort: number }[];
  /** IPv6 addresses, CIDR, and where the default route leads ('' without), by interface. */
  addresses6: { name: string; address: string; gateway: string }[];
}

export function networkFields({ atExit, ports, addresses6 }: NetworkOrders): Field[] {
  return [
    ...atExit.map((batch): Field => [70, batch]),
    ...ports.map(({ proto, hostIp, hostPort }): Field => [71, `${proto} ${hostIp} ${hostPort}`]),
    ...addresses6.map(({ name, address, gateway }): Field => [72, `${name} ${address}${gateway === '' ? '' : ` ${gateway}`}`]),
  ];
}
