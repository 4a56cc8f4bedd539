// SPDX-License-Identifier: Apache-2.0
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unpackDeb } from '../debian/deb';
import type { AptSource } from '../debian/apt-sources';
import { batches } from '../debian/resolve';
import { checkAborted } from '../util/aborted';
import type { Job, Publish } from './bootstrap';
import { configureScript, type ImageSources } from './configure-script';
import { debPath, downloadPackages, PACKAGES } from './download';
import { choosePackages, type Chosen } from './packages';
import { makeArchives, openSuite, withoutPassword } from './sources';
import { workInTree } from './work-in-tree';

/** Debian without separate /bin, /sbin and /lib: packages unpack through these links, whichever comes first. */
const MERGED = ['bin', 'sbin', 'lib'];
const WITH_LIB64 = ['x64', 'ppc64'];

/**
 * The essential packages are unpacked without their scripts; that is a system in which dpkg runs. It then installs them properly, and the
 * others, in a container without a network.
 */
export async function fillDebian(job: Job, suite: string, publish: Publish): Promise<void> {
  const { options, variant, emit } = job;
  await using archives = makeArchives(job);
  const { index, release, sources } = await openSuite(job, archives, suite);
  const chosen = choosePackages(index, variant, options.include ?? []);
  const packages = [...chosen.essential, ...chosen.rest];
  emit({ kind: 'message', id: suite, text: `Downloading ${packages.length} packages` });
  const debs = await downloadPackages(job, archives, packages);
  await unpackEssential(job, debs, chosen);
  emit({ kind: 'layer', digest: PACKAGES, state: 'preparing' });
  const script = configureScript(chosen.essential.map(({ name }) => name), batches(chosen.rest).map((batch) => batch.map(({ name }) => name)), imageSources(debs, sources, options.keyring));
  const labels = { 'org.opencontainers.image.ref.name': 'debian', 'org.opencontainers.image.version': release.version || suite };
  const env = ['DEBIAN_FRONTEND=noninteractive', 'DEBCONF_NONINTERACTIVE_SEEN=true'];
  await workInTree(job, { name: `debian:${suite}`, script, files: debs, env }, async (tree) => {
    await publish(tree, { command: ['bash'], labels });
    emit({ kind: 'layer', digest: PACKAGES, state: 'complete' });
  });
}

async function unpackEssential({ workspace, options, emit }: Job, debs: string, { essential }: Chosen): Promise<void> {
  const { rootfs } = workspace;
  mkdirSync(join(rootfs, 'usr'), { mode: 0o755 });
  for (const name of [...MERGED, ...(WITH_LIB64.includes(process.arch) ? ['lib64'] : [])]) {
    mkdirSync(join(rootfs, 'usr', name), { mode: 0o755 });
    symlinkSync(`usr/${name}`, join(rootfs, name));
  }
  for (const [index, one] of essential.entries()) {
    checkAborted(options.signal);
    emit({ kind: 'layer', digest: PACKAGES, state: 'extracting', current: index, total: essential.length });
    await unpackDeb(debPath(debs, one), one.size, rootfs, options.signal);
  }
}

/** Puts where the image's own apt will look beside the packages, for the script. */
function imageSources(debs: string, sources: readonly AptSource[], keyring: string | undefined): ImageSources {
  const isArmoured = keyring !== undefined && readFileSync(keyring).includes('-----BEGIN PGP');
  const key = keyring === undefined ? undefined : `bootstrap.${isArmoured ? 'asc' : 'gpg'}`;
  if (keyring !== undefined && key !== undefined) copyFileSync(keyring, join(debs, key));
  const archives = new Map<string, string[]>();
  for (const { url, components, suite, trusted } of sources) {
    const where = `URIs: ${withoutPassword(url)}\nComponents: ${components.join(' ')}${trusted ? '\nTrusted: yes' : ''}`;
    archives.set(where, [...(archives.get(where) ?? []), suite]);
  }
  const paragraphs = [...archives].map(([where, suites]) => `Types: deb\n${where}\nSuites: ${suites.join(' ')}\n`);
  paragraphs.forEach((text, index) => writeFileSync(join(debs, `${index}.sources`), text));
  return { count: paragraphs.length, ...(key !== undefined && { key }) };
}
