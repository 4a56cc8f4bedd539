// SPDX-License-Identifier: Apache-2.0
import { formatIpv4 } from './ipv4';
import type { Attachment } from './attachment';
import type { Network } from './record';

/** A container that is in a network now. */
export interface NetworkMember {
  id: string;
  name: string;
  endpointId: string;
  attachment: Attachment;
}

/** Docker Engine API v1.44, NetworkInspect. */
export type NetworkInfo = ReturnType<typeof describeNetworkRecord>;

export function describeNetworkRecord(network: Network, members: NetworkMember[]) {
  const { spec, v4, v6 } = network;
  return {
    Name: network.name,
    Id: network.id,
    Created: new Date(network.created).toISOString(),
    Scope: 'local',
    Driver: network.driver,
    EnableIPv4: true,
    EnableIPv6: v6 !== undefined,
    IPAM: { Driver: 'default', Options: {}, Config: describeIpam(network) },
    Internal: spec.internal,
    Attachable: spec.attachable,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Containers: Object.fromEntries(members.map(({ id, name, endpointId, attachment }) => [id, describeMember(name, endpointId, attachment)])),
    Options: { ...(network.bridge !== '' && { 'com.docker.network.bridge.name': network.bridge }), ...spec.options },
    Labels: spec.labels,
  };

  function describeMember(name: string, endpoint: string, { mac, ip, ip6 }: Attachment) {
    return { Name: name, EndpointID: endpoint, MacAddress: mac, IPv4Address: `${ip}/${v4?.subnet.prefix}`, IPv6Address: ip6 === '' ? '' : `${ip6}/${v6?.subnet.prefix}` };
  }
}

function describeIpam({ spec, predefined, v4 }: Network) {
  if (predefined) return spec.ipam.map(({ subnet }) => ({ Subnet: subnet, Gateway: formatIpv4(v4!.gateway) }));
  return spec.ipam.map(({ subnet, gateway, ipRange, auxAddresses }) => ({
    Subnet: subnet,
    ...(ipRange !== '' && { IPRange: ipRange }),
    Gateway: gateway,
    ...(Object.keys(auxAddresses).length > 0 && { AuxiliaryAddresses: auxAddresses }),
  }));
}
