// SPDX-License-Identifier: Apache-2.0
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { deviceNumber } from './devices';

/** A container has its own of these, as with runc. */
const OWN = ['.dockerlite', '.lxc', '.lxd-mounts', '.udev', 'console', 'fd', 'mqueue', 'pts', 'shm'];

/** What there is in the host's /dev, which a privileged container gets all of, as the init shim takes it: see docs/architecture.md. */
export function hostDevices(directory = '/dev', below = ''): string[] {
  return readdirSync(directory).flatMap((name) => {
    if (below === '' && OWN.includes(name)) return [];
    const [path, inside] = [join(directory, name), below + name];
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat?.isDirectory()) return hostDevices(path, `${inside}/`);
    if (stat === undefined || !(stat.isCharacterDevice() || stat.isBlockDevice()) || inside.includes('\n')) return [];
    const { major, minor } = deviceNumber(stat.rdev);
    return [`${stat.isBlockDevice() ? 'b' : 'c'} ${major} ${minor} ${(stat.mode & 0o7777).toString(8)} ${stat.uid} ${stat.gid} ${inside}`];
  });
}
