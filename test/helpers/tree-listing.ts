// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';

/** All a tree entry is. `same` is the first name of the same file, `blocks` what a file occupies (512-byte blocks). */
export interface Listed {
  path: string;
  mode: number;
  uid: number;
  gid: number;
  mtime: string;
  xattrs: Record<string, string>;
  same?: string;
  size?: number;
  blocks?: number;
  sha256?: string;
  target?: string;
  device?: number;
}

// Node reads neither extended attributes nor directories' device numbers as exactly; Python is a build dependency anyway.
const SCRIPT = `
import hashlib, json, os, stat, sys
top = os.fsencode(sys.argv[1]); seen = {}; out = []
def show(raw): return raw.decode('utf-8', 'backslashreplace')
def visit(path, name):
    st = os.lstat(path)
    one = dict(path=show(name), mode=st.st_mode, uid=st.st_uid, gid=st.st_gid, mtime=str(st.st_mtime_ns), xattrs={})
    for key in sorted(os.listxattr(path, follow_symlinks=False)):
        if not key.startswith('btrfs.'): one['xattrs'][key] = os.getxattr(path, key, follow_symlinks=False).hex()
    if not stat.S_ISDIR(st.st_mode):
        first = seen.setdefault((st.st_dev, st.st_ino), name)
        if first != name: one['same'] = show(first)
    if stat.S_ISREG(st.st_mode):
        one.update(size=st.st_size, blocks=st.st_blocks)
        if st.st_size < 1 << 28: one['sha256'] = hashlib.sha256(open(path, 'rb').read()).hexdigest()
    if stat.S_ISLNK(st.st_mode): one['target'] = show(os.readlink(path))
    if stat.S_ISCHR(st.st_mode) or stat.S_ISBLK(st.st_mode): one['device'] = st.st_rdev
    out.append(one)
    if stat.S_ISDIR(st.st_mode):
        for child in sorted(os.listdir(path)): visit(os.path.join(path, child), os.path.join(name, child))
visit(top, b'.')
json.dump(out, sys.stdout)
`;

export function listTree(directory: string): Listed[] {
  return JSON.parse(execFileSync('python3', ['-c', SCRIPT, directory], { encoding: 'utf8', maxBuffer: 1 << 28 })) as Listed[];
}

/** For comparing across file systems, which count blocks each in their own way. */
export function withoutBlocks(list: Listed[]): Listed[] {
  return list.map(({ blocks: _, ...rest }) => rest);
}

/** Sets an extended attribute of a file (not following links); `value` in hex. */
export function setXattr(path: string, name: string, value: string): void {
  const script = 'import os, sys; os.setxattr(sys.argv[1], sys.argv[2], bytes.fromhex(sys.argv[3]), follow_symlinks=False)';
  execFileSync('python3', ['-c', script, path, name, value]);
}
