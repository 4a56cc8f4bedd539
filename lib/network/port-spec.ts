// SPDX-License-Identifier: Apache-2.0
import { isIP } from 'node:net';
import { DockerliteError } from '../errors';
import { type PortRange, parseRange, type Protocol, splitProtocol } from '../util/ports';

/** One port of a container to publish, and where. */
export interface PortMapping {
  proto: Protocol;
  containerPort: number;
  /** '' for every address of the host. */
  hostIp: string;
  /** One of these is taken; 0 for any that is free. */
  hostPort: number;
  hostPortEnd: number;
}

/**
 * What -p takes: [[IP:][HOSTPORT[-END]]:]PORT[-END][/PROTOCOL], an IPv6 address in brackets; or target=PORT, published=HOSTPORT
 * and protocol=PROTOCOL with commas between them.
 * @throws E_INVALID in Docker's words
 */
export function parsePublish(given: string): PortMapping[] {
  const text = given.includes('=') ? shortForm(given) : given;
  const { proto, rest } = splitProtocol(text);
  const { hostIp, host, container } = splitAddress(rest);
  if (container === '') throw new DockerliteError('E_INVALID', `no port specified: ${text}<empty>`);
  if (hostIp !== '' && isIP(hostIp) === 0) throw new DockerliteError('E_INVALID', `invalid IP address: ${hostIp}`);
  const ports = parseRange(container, 'containerPort');
  const hosts: PortRange = host === '' ? [0, 0] : parseRange(host, 'hostPort', 0);
  const [count, hostCount] = [ports[1] - ports[0], hosts[1] - hosts[0]];
  // One port of the container may have any of a range of the host's.
  if (host !== '' && count !== hostCount && count !== 0) throw new DockerliteError('E_INVALID', `invalid ranges specified for container and host Ports: ${container} and ${host}`);
  return Array.from({ length: count + 1 }, (_, i) => {
    const paired = host === '' ? { hostPort: 0, hostPortEnd: 0 } : count === 0 ? { hostPort: hosts[0], hostPortEnd: hosts[1] } : { hostPort: hosts[0] + i, hostPortEnd: hosts[0] + i };
    return { proto, containerPort: ports[0] + i, hostIp, ...paired };
  });
}

/** As Docker's client does, which passes over what it does not know. */
function shortForm(text: string): string {
  const fields = new Map(text.split(',').map((field) => {
    const equals = field.indexOf('=');
    if (equals < 1) throw new DockerliteError('E_INVALID', `invalid publish opts format (should be name=value but got '${field}')`);
    return [field.slice(0, equals), field.slice(equals + 1)];
  }));
  return `${fields.get('published') ?? ''}:${fields.get('target') ?? ''}/${fields.get('protocol') ?? 'tcp'}`;
}

function splitAddress(text: string): { hostIp: string; host: string; container: string } {
  const bracketed = /^\[([^\]]*)\]:(.*)$/.exec(text);
  const parts = (bracketed === null ? text : bracketed[2]!).split(':');
  const container = parts.pop() ?? '';
  const host = parts.pop() ?? '';
  if (bracketed !== null) return { hostIp: bracketed[1]!, host, container };
  return { hostIp: parts.join(':'), host, container };
}
