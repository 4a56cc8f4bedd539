// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootIsMounted } from '../../bench/peers';

/** Makes a chroot of the host's directories whose "/" is a mount point or not, and runs the rest of its arguments in it. */
const IN_CHROOT = `
set -e
mount -t tmpfs tmpfs "$1"
cd "$1"
mkdir root
if [ "$2" = mounted ]; then mount -t tmpfs tmpfs root; fi
shift 2
mkdir root/tmp
for entry in /*; do
  if [ -L "$entry" ]; then cp -P "$entry" root/; continue; fi
  [ -d "$entry" ] && [ "$entry" != /tmp ] || continue
  mkdir "root$entry"
  mount --rbind "$entry" "root$entry"
done
exec chroot "$PWD/root" "$@"
`;

describe('a chroot', () => {
  let directory = '';

  before(function () {
    if (!rootIsMounted()) {
      console.log('    skipped: this root is no mount point, hence not to be kept from the mounts made here');
      this.skip();
    }
    directory = mkdtempSync(join(tmpdir(), 'chroot-'));
  });

  // Never recursively: what is mounted in there is the machine.
  after(() => directory && rmdirSync(directory));

  for (const root of ['plain', 'mounted']) {
    it(`with a ${root} directory as its root runs containers, and execs stay inside`, () => {
      const script = join(__dirname, '../helpers/run-and-exec.js');
      const args = ['--mount', '--propagation', 'slave', 'sh', '-c', IN_CHROOT, 'sh', directory, root, process.execPath, script];
      const { status, stdout, stderr } = spawnSync('unshare', args, { encoding: 'utf8' });
      assert.equal(status, 0, stderr);
      assert.equal(stdout, 'main 3 exec 4\n');
    });
  }
});
