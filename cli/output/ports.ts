// SPDX-License-Identifier: Apache-2.0
import type { ContainerPort } from '../../lib/containers/inspect-ports';

interface Group extends ContainerPort {
  count: number;
}

/** The PORTS column: "0.0.0.0:8000-8002->80-82/tcp, 443/tcp". Neighbours are drawn together as Docker does. */
export function portsText(ports: readonly ContainerPort[]): string {
  if (ports.length === 0) return ''; // of most of maybe thousands
  const sorted = [...ports].sort((a, b) => compare(a.type, b.type) || compare(a.ip, b.ip) || a.privatePort - b.privatePort || a.publicPort - b.publicPort);
  const groups: Group[] = [];
  for (const port of sorted) {
    const last = groups.at(-1);
    if (last !== undefined && continues(last, port)) last.count++;
    else groups.push({ ...port, count: 1 });
  }
  const published = groups.filter(({ publicPort }) => publicPort !== 0);
  const exposed = groups.filter(({ publicPort }) => publicPort === 0);
  return [...published, ...exposed].map(groupText).join(', ');
}

function continues(group: Group, port: ContainerPort): boolean {
  const published = group.publicPort === 0 ? port.publicPort === 0 : port.publicPort === group.publicPort + group.count;
  return port.type === group.type && port.ip === group.ip && port.privatePort === group.privatePort + group.count && published;
}

function groupText({ ip, privatePort, publicPort, type, count }: Group): string {
  const range = (first: number) => (count === 1 ? `${first}` : `${first}-${first + count - 1}`);
  const inside = `${range(privatePort)}/${type}`;
  return publicPort === 0 ? inside : `${hostAddress(ip)}:${range(publicPort)}->${inside}`;
}

export function hostAddress(ip: string): string {
  return ip.includes(':') ? `[${ip}]` : ip;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
