// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Makes a chroot of the host's directories whose "/" is no mount point, and runs the rest of its arguments in it. */
const IN_CHROOT = `
set -e
mount -t tmpfs tmpfs "$1"
cd "$1"; shift
mkdir root root/tmp
for entry in /*; do
  if [ -L "$entry" ]; then cp -P "$entry" root/; continue; fi
  [ -d "$entry" ] && [ "$entry" != /tmp ] || continue
  mkdir "root$entry"
  mount --rbind "$entry" "root$entry"
done
exec chroot "$PWD/root" "$@"
`;

describe('a chroot without a mount point as its root', () => {
  let directory: string;

  before(function () {
    const isMountPoint = readFileSync('/proc/self/mountinfo', 'utf8').split('\n').some((line) => line.split(' ')[4] === '/');
    // There every other test of containers is this one.
    if (!isMountPoint) this.skip();
    directory = mkdtempSync(join(tmpdir(), 'chroot-'));
  });

  after(() => {
    // Never recursively: what is mounted in there is the machine.
    if (directory !== undefined) for (const path of [join(directory, 'mount'), directory]) rmdirSync(path);
  });

  it('runs containers and execs in them', () => {
    mkdirSync(join(directory, 'mount'));
    const script = join(__dirname, '../helpers/run-and-exec.js');
    const args = ['--mount', '--propagation', 'slave', 'sh', '-c', IN_CHROOT, 'sh', join(directory, 'mount'), process.execPath, script];
    const { status, stdout, stderr } = spawnSync('unshare', args, { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    assert.equal(stdout, 'main 3 exec 4\n');
  });
});
