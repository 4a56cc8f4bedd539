// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const root = join(__dirname, '../..');

/** Which folders of lib/ each folder may import from, besides itself; the files directly in lib/ wire everything. */
const MAY_IMPORT: Record<string, string[]> = {
  util: ['errors'],
  binding: ['util', 'errors'],
  store: ['binding', 'util', 'errors'],
  events: ['store', 'binding', 'util', 'errors', 'context'],
  network: ['events', 'store', 'binding', 'util', 'errors'],
  registry: ['util', 'errors'],
  security: ['store', 'binding', 'util', 'errors'],
  volumes: ['events', 'store', 'binding', 'util', 'errors'],
  images: ['events', 'registry', 'store', 'binding', 'util', 'errors', 'context'],
  openpgp: ['errors'],
  debian: ['openpgp', 'registry', 'binding', 'util', 'errors'],
  bootstrap: ['debian', 'openpgp', 'containers', 'images', 'registry', 'store', 'binding', 'util', 'errors', 'context'],
  check: ['containers', 'security', 'images', 'network', 'volumes', 'store', 'binding', 'util', 'errors', 'context'],
  recover: ['check', 'containers', 'images', 'store', 'binding', 'util', 'errors'],
  containers: ['events', 'security', 'images', 'network', 'volumes', 'store', 'binding', 'util', 'errors', 'context'],
};

function sources(directory: string): string[] {
  return readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(directory, name));
}

function imports(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const found = [...text.matchAll(/(?:from|import\(|require\()\s*'(\.{1,2}\/[^']+)'/g)];
  return found.map((match) => normalize(join(dirname(file), match[1] ?? '')));
}

describe('the layers', () => {
  it('lib/ never imports from cli/, and its folders only downwards', () => {
    const files = sources('lib');
    assert.ok(files.length > 50, 'the files were found');
    const bad = files.flatMap((file) => {
      const own = file.split('/').length > 2 ? (file.split('/')[1] as string) : undefined;
      const allowed = own === undefined ? undefined : [own, ...(MAY_IMPORT[own] ?? [])];
      return imports(file)
        .filter((target) => !target.startsWith('lib/') || (allowed !== undefined && !allowed.includes(target.split('/')[1] as string)))
        .map((target) => `${file} imports ${target}`);
    });
    assert.deepEqual(bad, []);
  });

  it('only lib/binding loads native code, and nothing in lib/ or cli/ runs the tools it replaces', () => {
    const bad = [...sources('lib'), ...sources('cli')].flatMap((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      const loads = /\.node\b['"`]/.test(text) && !file.startsWith('lib/binding/');
      const spawns = /(?:spawn|exec|execFile)(?:Sync)?\)?\(\s*['"`](?:btrfs|lxc-[a-z]+|ip|nft|tar)['"`]/.test(text);
      return loads || spawns ? [file] : [];
    });
    // better-sqlite3's own addon is opened by path.
    assert.deepEqual(bad, ['lib/store/database.ts']);
  });

  it('native areas reach Node only through their bindings', () => {
    const files = readdirSync(join(root, 'native'), { recursive: true, encoding: 'utf8' }).filter((name) => /\.(cc|c|h)$/.test(name));
    const withNode = files.filter((name) => /#include [<"]napi\.h|#include "napi\//.test(readFileSync(join(root, 'native', name), 'utf8')));
    const strangers = withNode.filter((name) => /^(?:supervisor|init-shim)\//.test(name));
    assert.deepEqual(strangers, []);
  });
});
