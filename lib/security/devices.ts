// SPDX-License-Identifier: Apache-2.0
import { readdirSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { DockerliteError } from '../errors';

/** A device of the host in a container. */
export interface DeviceMapping {
  host: string;
  /** Where the container has it. */
  container: string;
  /** Some of r, w and m (mknod). */
  permissions: string;
}

/** Which devices every container may use, as Docker and runc have it: mknod of anything, use of these. */
const USUAL = ['c *:* m', 'b *:* m', 'c 1:3 rwm', 'c 1:5 rwm', 'c 1:7 rwm', 'c 1:8 rwm', 'c 1:9 rwm', 'c 5:0 rwm', 'c 5:1 rwm', 'c 5:2 rwm', 'c 136:* rwm'];

/** /dev/HOST[:/dev/CONTAINER][:rwm]. @throws E_INVALID */
export function parseDevice(text: string): DeviceMapping {
  const [host = '', second, third, ...rest] = text.split(':');
  const isMode = (word: string | undefined): word is string => word !== undefined && /^[rwm]{1,3}$/.test(word) && new Set(word).size === word.length;
  if (rest.length > 0) throw invalidDevice(`invalid device specification: ${text}`);
  const [container, permissions] = third === undefined && isMode(second) ? [host, second] : [second || host, third || 'rwm'];
  return checkDevice({ host, container, permissions });
}

/** @throws E_INVALID */
export function checkDevice({ host, container, permissions }: DeviceMapping): DeviceMapping {
  for (const path of [host, container]) {
    if (!path.startsWith('/') || path.includes('\0')) throw invalidDevice(`${path} is not an absolute path`);
  }
  if (!/^[rwm]{1,3}$/.test(permissions) || new Set(permissions).size < permissions.length) throw invalidDevice(`bad mode specified: ${permissions}`);
  return { host: posix.normalize(host), container: posix.normalize(container), permissions };
}

/** "c 1:3 rwm", with * for any number; a is both kinds. @throws E_INVALID */
export function checkDeviceRule(rule: string): string {
  if (/^[acb] (\d+|\*):(\d+|\*) [rwm]{1,3}$/.test(rule)) return rule;
  throw invalidDevice(`invalid device cgroup format '${rule}'`);
}

/** A node to be made in a container; `type` is c or b. */
export interface DeviceNode extends DeviceMapping {
  type: 'c' | 'b';
  major: number;
  minor: number;
}

/** What there is behind the mappings now: a directory stands for the devices in it. @throws E_NOT_FOUND, E_INVALID */
export function findDevices(mappings: DeviceMapping[]): DeviceNode[] {
  return mappings.flatMap((mapping) => {
    const found = nodesOf(mapping, statOf(mapping.host));
    if (found.length > 0) return found;
    throw invalidDevice(`error gathering device information while adding custom device "${mapping.host}": not a device node`);
  });
}

function statOf(path: string) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat !== undefined) return stat;
  throw new DockerliteError('E_NOT_FOUND', `error gathering device information while adding custom device "${path}": no such file or directory`, { path });
}

function nodesOf(mapping: DeviceMapping, stat: ReturnType<typeof statOf>): DeviceNode[] {
  if (stat.isDirectory()) {
    return readdirSync(mapping.host).flatMap((name) => {
      const below = { ...mapping, host: `${mapping.host}/${name}`, container: `${mapping.container}/${name}` };
      const entry = statSync(below.host, { throwIfNoEntry: false });
      return entry === undefined ? [] : nodesOf(below, entry);
    });
  }
  if (!stat.isCharacterDevice() && !stat.isBlockDevice()) return [];
  return [{ ...mapping, type: stat.isBlockDevice() ? 'b' : 'c', ...deviceNumber(stat.rdev) }];
}

/** gnu_dev_major(3) and gnu_dev_minor(3). */
export function deviceNumber(rdev: number): { major: number; minor: number } {
  return { major: (rdev >> 8) & 0xfff, minor: (rdev & 0xff) | ((rdev >> 12) & 0xfff00) };
}

/** The rules of the devices control group, with liblxc's key. */
export function deviceRules(key: string, nodes: DeviceNode[], rules: string[]): string[] {
  const own = nodes.map(({ type, major, minor, permissions }) => `${type} ${major}:${minor} ${permissions}`);
  // "a" with numbers means both kinds to Docker, everything to the kernel.
  const more = rules.flatMap((rule) => (rule.startsWith('a ') ? ['b', 'c'].map((type) => type + rule.slice(1)) : [rule]));
  return [`${key}.deny=a`, ...[...USUAL, ...own, ...more].map((rule) => `${key}.allow=${rule}`)];
}

function invalidDevice(message: string): DockerliteError {
  return new DockerliteError('E_INVALID', message);
}
