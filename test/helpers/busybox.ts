// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const DIRECTORIES = ['bin', 'dev', 'etc', 'home', 'proc', 'root', 'sys', 'tmp', 'usr/bin', 'var'];

/** A small Linux tree made of Debian's static busybox; returns `directory`. */
export function buildBusyboxRootfs(directory: string): string {
  for (const name of DIRECTORIES) mkdirSync(join(directory, name), { recursive: true });
  chmodSync(join(directory, 'tmp'), 0o1777);
  const busybox = join(directory, 'bin/busybox');
  copyFileSync('/bin/busybox', busybox);
  chmodSync(busybox, 0o755);
  for (const applet of execFileSync(busybox, ['--list'], { encoding: 'utf8' }).split('\n')) {
    if (applet !== '' && applet !== 'busybox') linkSync(busybox, join(directory, 'bin', applet));
  }
  writeFileSync(join(directory, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/bin/false\nnobody:x:65534:65534:nobody:/home:/bin/false\n');
  writeFileSync(join(directory, 'etc/group'), 'root:x:0:\ndaemon:x:1:\nstaff:x:50:daemon\nnogroup:x:65534:\n');
  return directory;
}
