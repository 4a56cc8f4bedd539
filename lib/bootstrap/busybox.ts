// SPDX-License-Identifier: Apache-2.0
import { chmodSync, copyFileSync, lstatSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unpackDeb } from '../debian/deb';
import { DockerliteError } from '../errors';
import type { Job, Publish } from './bootstrap';
import { debPath, downloadPackages, PACKAGES } from './download';
import { isStatic } from './elf';
import { machineSuite, makeArchives, openSuite } from './sources';
import { workInTree } from './work-in-tree';

const DIRECTORIES = ['bin', 'dev', 'etc', 'home', 'mnt', 'proc', 'root', 'run', 'sbin', 'sys', 'tmp', 'usr/bin', 'usr/sbin', 'var/log'];
const USERS = [
  'root:x:0:0:root:/root:/bin/sh',
  'daemon:x:1:1:daemon:/usr/sbin:/bin/false',
  'bin:x:2:2:bin:/bin:/bin/false',
  'www-data:x:33:33:www-data:/var/www:/bin/false',
  'nobody:x:65534:65534:nobody:/home:/bin/false',
];
const GROUPS = ['root:x:0:', 'daemon:x:1:', 'bin:x:2:', 'tty:x:5:', 'www-data:x:33:', 'staff:x:50:', 'users:x:100:', 'nogroup:x:65534:'];

/** Relative links, so that they mean the same from outside the root as inside. */
const LINK_APPLETS = 'for applet in $(/bin/busybox --list); do [ "$applet" = busybox ] || /bin/busybox ln -s busybox "/bin/$applet"; done';

/** A tree of Debian's static busybox: the machine's own, else the one of its release. */
export async function fillBusybox(job: Job, publish: Publish): Promise<void> {
  const { rootfs } = job.workspace;
  for (const name of DIRECTORIES) mkdirSync(join(rootfs, name), { recursive: true, mode: 0o755 });
  chmodSync(join(rootfs, 'tmp'), 0o1777);
  chmodSync(join(rootfs, 'root'), 0o700);
  const busybox = join(rootfs, 'bin/busybox');
  copyFileSync(installed(job) ?? (await downloaded(job)), busybox);
  chmodSync(busybox, 0o755);
  copyFileSync(busybox, join(rootfs, 'bin/sh'));
  writeFileSync(join(rootfs, 'etc/passwd'), `${USERS.join('\n')}\n`);
  writeFileSync(join(rootfs, 'etc/group'), `${GROUPS.join('\n')}\n`);
  const script = `/bin/busybox rm /bin/sh\n${LINK_APPLETS}`;
  await workInTree(job, { name: 'busybox', script }, (tree) => publish(tree, { command: ['sh'], labels: {} }));
}

/** Not where the user says which archive to take it from. */
function installed({ options }: Job): string | undefined {
  if (options.mirror !== undefined) return undefined;
  return ['/usr/bin/busybox', '/bin/busybox'].find(isStatic);
}

async function downloaded(job: Job): Promise<string> {
  const { workspace, options, emit } = job;
  await using archives = makeArchives(job);
  const { index } = await openSuite(job, archives, machineSuite());
  const one = index.get('busybox-static');
  if (one === undefined) throw new DockerliteError('E_NOT_FOUND', 'there is no package busybox-static in the archive');
  const deb = debPath(await downloadPackages(job, archives, [one]), one);
  const unpacked = join(workspace.path, 'busybox');
  mkdirSync(unpacked, { mode: 0o700 });
  await unpackDeb(deb, one.size, unpacked, options.signal);
  emit({ kind: 'layer', digest: PACKAGES, state: 'complete' });
  // A file that is one itself: nothing a link leads to.
  const found = ['usr/bin/busybox', 'bin/busybox'].map((name) => join(unpacked, name)).find((path) => lstatSync(path, { throwIfNoEntry: false })?.isFile() === true);
  if (found === undefined || !isStatic(found)) throw new DockerliteError('E_ARCHIVE', 'there is no static busybox in package busybox-static');
  return found;
}
