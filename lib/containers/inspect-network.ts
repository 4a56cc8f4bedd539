// SPDX-License-Identifier: Apache-2.0
import { type Attachment, defaultRouteOf } from '../network/attachment';
import type { EndpointSpec } from '../network/endpoint';
import { formatIpv4 } from '../network/ipv4';
import { formatIpv6 } from '../network/ipv6';
import { allNetworks, type Network, predefinedNetwork } from '../network/record';
import type { Store } from '../store/store';
import { shortId } from '../util/id';
import { containerPorts, describePorts } from './inspect-ports';
import { attachmentsOf } from './network-state';
import { networkingOf, sharedNetworkOf } from './networking';
import { type ContainerRow, specOf } from './record';

/** One entry of NetworkSettings.Networks. */
export type EndpointInfo = ReturnType<typeof describeEndpoint>;

/** Docker's NetworkSettings. */
export function describeNetwork(store: Store, row: ContainerRow) {
  const spec = specOf(row);
  const networks = allNetworks(store);
  const running = row.state !== 'created' && row.state !== 'exited';
  const attachments = running ? attachmentsOf(store, row, networks) : [];
  const { endpoints } = networkingOf(spec);
  const described = endpoints.map((endpoint) => {
    const network = networks.find(({ name }) => name === endpoint.network);
    return [endpoint.network, describeEndpoint(row, endpoint, network, attachments)] as const;
  });
  const alone = endpoints.length === 0 && sharedNetworkOf(spec.network) === undefined;
  const only = alone ? [[spec.network, describeEndpoint(row, NOWHERE, networks.find(({ name }) => name === spec.network), [])] as const] : [];
  // As Docker: the fields beside Networks are those of the default bridge.
  const bridge = attachments.find(({ network }) => network.name === 'bridge');
  const { IPAddress, IPPrefixLen, Gateway, MacAddress, GlobalIPv6Address, GlobalIPv6PrefixLen, IPv6Gateway, EndpointID } = describeEndpoint(row, NOWHERE, bridge?.network, attachments);
  return {
    Bridge: predefinedNetwork(store, 'bridge').bridge,
    SandboxID: running ? row.id : '',
    SandboxKey: running ? `/proc/${row.pid}/ns/net` : '',
    Ports: describePorts(containerPorts(store, row)),
    ...{ EndpointID, Gateway, GlobalIPv6Address, GlobalIPv6PrefixLen, IPAddress, IPPrefixLen, IPv6Gateway, MacAddress },
    Networks: Object.fromEntries([...described, ...only]),
  };
}

const NOWHERE: EndpointSpec = { network: '', aliases: [], ip: '', ip6: '', mac: '', links: [] };

function describeEndpoint(row: ContainerRow, endpoint: EndpointSpec, network: Network | undefined, attachments: Attachment[]) {
  const attachment = attachments.find((each) => each.network.name === network?.name);
  const outward = attachment !== undefined && defaultRouteOf(attachments) === attachment;
  const { v4, v6 } = network ?? {};
  const asked = endpoint.ip === '' && endpoint.ip6 === '' ? null : { IPv4Address: endpoint.ip, IPv6Address: endpoint.ip6 };
  const user = network !== undefined && !network.predefined;
  return {
    IPAMConfig: asked,
    Links: endpoint.links.length === 0 ? null : endpoint.links,
    Aliases: endpoint.aliases.length === 0 ? null : endpoint.aliases,
    MacAddress: attachment?.mac ?? '',
    DriverOpts: null,
    GwPriority: 0,
    NetworkID: network?.id ?? '',
    EndpointID: attachment === undefined ? '' : endpointId(row, attachment.network),
    Gateway: outward && v4 ? formatIpv4(v4.gateway) : '',
    IPAddress: attachment?.ip ?? '',
    IPPrefixLen: attachment && v4 ? v4.subnet.prefix : 0,
    IPv6Gateway: outward && v6 ? formatIpv6(v6.gateway) : '',
    GlobalIPv6Address: attachment?.ip6 ?? '',
    GlobalIPv6PrefixLen: attachment && v6 ? v6.subnet.prefix : 0,
    DNSNames: user ? [row.name, ...endpoint.aliases, shortId(row.id)] : null,
  };
}

/** Endpoints have no row: their id is made of what they connect. */
export function endpointId(row: Pick<ContainerRow, 'id'>, network: Pick<Network, 'id'>): string {
  return `${row.id.slice(0, 32)}${network.id.slice(0, 32)}`;
}
