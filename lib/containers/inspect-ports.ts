// SPDX-License-Identifier: Apache-2.0
import { portRows } from '../network/ports';
import type { Store } from '../store/store';
import { networkingOf } from './networking';
import { type ContainerRow, specOf } from './record';
import type { ContainerSpec } from './spec';

/** One port of a container; `publicPort` 0: only exposed. */
export interface ContainerPort {
  privatePort: number;
  type: string;
  /** Of the host, '' when it is not published. */
  ip: string;
  publicPort: number;
}

/** What is published while it runs, then what is exposed only. */
export function containerPorts(store: Store, row: Pick<ContainerRow, 'id' | 'state' | 'spec'>, spec = specOf(row)): ContainerPort[] {
  if (row.state === 'created' || row.state === 'exited') return [];
  const rows = spec.networking?.publish?.length ? portRows(store.db, row.id) : [];
  const published = rows.map(({ proto, port, host_ip, container_port }) => ({ privatePort: container_port, type: proto as string, ip: host_ip, publicPort: port }));
  const exposed = spec.exposedPorts.flatMap((text) => {
    const [number = '', type = 'tcp'] = text.split('/');
    const privatePort = Number(number);
    const has = published.some((port) => port.privatePort === privatePort && port.type === type);
    return has || Number.isNaN(privatePort) ? [] : [{ privatePort, type, ip: '', publicPort: 0 }];
  });
  return [...published, ...exposed];
}

/** NetworkSettings.Ports. */
export function describePorts(ports: ContainerPort[]): Record<string, { HostIp: string; HostPort: string }[] | null> {
  const described: Record<string, { HostIp: string; HostPort: string }[] | null> = {};
  for (const { privatePort, type, ip, publicPort } of ports) {
    const key = `${privatePort}/${type}`;
    if (publicPort === 0) described[key] ??= null;
    else (described[key] ??= []).push({ HostIp: ip, HostPort: String(publicPort) });
  }
  return described;
}

/** Config.ExposedPorts. */
export function describeExposedPorts(spec: ContainerSpec): Record<string, Record<string, never>> {
  return Object.fromEntries(spec.exposedPorts.map((port) => [port, {}]));
}

/** HostConfig.PortBindings: what was asked for. */
export function describeBindings(spec: ContainerSpec): Record<string, { HostIp: string; HostPort: string }[]> {
  const described: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const { proto, containerPort, hostIp, hostPort, hostPortEnd } of networkingOf(spec).publish ?? []) {
    const text = hostPort === 0 ? '' : hostPort === hostPortEnd ? String(hostPort) : `${hostPort}-${hostPortEnd}`;
    (described[`${containerPort}/${proto}`] ??= []).push({ HostIp: hostIp, HostPort: text });
  }
  return described;
}
