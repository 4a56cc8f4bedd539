// SPDX-License-Identifier: Apache-2.0
import type { LinkOrders } from '../binding/network-orders';
import { type Attachment, defaultRouteOf } from './attachment';
import { formatIpv4 } from './ipv4';
import { formatIpv6 } from './ipv6';

/** The interfaces of a container that is in these networks. */
export function linkOrders(attachments: Attachment[]): LinkOrders[] {
  const outward = defaultRouteOf(attachments);
  const outward6 = defaultRouteOf(attachments.filter(({ ip6 }) => ip6 !== ''));
  return attachments.map((attachment) => {
    const { network, index, ip, ip6, mac, veth } = attachment;
    const { v4, v6 } = network;
    return {
      ...{ bridge: network.bridge, host: veth, name: `eth${index}`, mac },
      addresses: [`${ip}/${v4!.subnet.prefix}`, ...(ip6 === '' ? [] : [`${ip6}/${v6!.subnet.prefix}`])],
      gateways: [...(attachment === outward ? [formatIpv4(v4!.gateway)] : []), ...(attachment === outward6 ? [formatIpv6(v6!.gateway)] : [])],
    };
  });
}
