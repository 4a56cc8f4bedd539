// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { lxcConfig } from '../lib/containers/lxc-config';
import { normaliseSpec } from '../lib/containers/normalise';
import { lxcNetwork } from '../lib/network/lxc-net';
import { nameFiles } from '../lib/network/names';
import { Layout } from '../lib/store/layout';
import { type Bed, IMAGE } from './bed';
import { interleave, type Side } from './interleave';
import { Reference } from './reference';
import { type Check, type Comparison, measured, ratio } from './result';

export const CONCURRENCY = [1, 4, 8, 16];

/** Times, in ms, of create + start + wait + remove of /bin/true: C without network, Node without and with the bridge. */
export async function compareLifecycle(bed: Bed, quick: boolean, concurrency: readonly number[] = CONCURRENCY): Promise<Comparison[]> {
  const reference = Reference.start(bed.directory, 'lifecycle', [bed.source, bed.scratch('lifecycle'), referenceConfig(bed)]);
  try {
    const comparisons: Comparison[] = [];
    for (const workers of concurrency) comparisons.push(await compare(bed, reference, workers, quick));
    return comparisons;
  } finally {
    reference.close();
  }
}

export async function liblxcVersion(bed: Bed): Promise<string> {
  const reference = Reference.start(bed.directory, 'lifecycle', [bed.source, bed.store.root, '-']);
  try {
    return await reference.ask('version');
  } finally {
    reference.close();
  }
}

async function compare(bed: Bed, reference: Reference, workers: number, quick: boolean): Promise<Comparison> {
  const sides = [cSide(reference, workers), nodeSide(bed, 'none', workers), nodeSide(bed, 'bridge', workers)];
  const rates: number[][] = sides.map(() => []);
  const timed = sides.map((side, i): Side => ({
    ...side,
    run: async (count) => {
      const [all, ...each] = (await side.run(count)) as [number, ...number[]];
      rates[i]?.push((count / all) * 1e3);
      return each;
    },
  }));
  const count = workers === 1 ? 20 : workers * 6;
  const samples = await interleave(timed, { rounds: quick ? 3 : 8, count });
  const results = sides.map((side, i) => measured(side.name, 'ms', samples[i] as number[]));
  // The first round of each was the warm-up.
  const throughput = sides.map((side, i) => measured(side.name, '/s', rates[i]?.slice(1) ?? []));
  const [c, none, bridge] = results as [never, never, never];
  const checks: Check[] = [
    ratio('median, no network, over C', none, c, { atMost: 1.25 }),
    ratio('median, bridge, over C', bridge, c, { atMost: 1.5 }),
  ];
  return { title: `create, start, wait, remove: ${workers} at once`, sides: [...results, ...throughput], checks };
}

function cSide(reference: Reference, workers: number): Side {
  return { name: 'C, no network', run: (count) => reference.numbers(`run ${count} ${workers}`) };
}

function nodeSide(bed: Bed, network: 'none' | 'bridge', workers: number): Side {
  return { name: `Node, ${network === 'none' ? 'no network' : network}`, run: (count) => lifecycles(bed, network, count, workers) };
}

/** The time of all of them, then of each. */
async function lifecycles(bed: Bed, network: 'none' | 'bridge', count: number, workers: number): Promise<number[]> {
  const times: number[] = [];
  let left = count;
  const worker = async () => {
    while (left-- > 0) {
      const begin = performance.now();
      const container = await bed.engine.containers.create({ image: IMAGE, command: ['/bin/true'], network });
      await container.start();
      const { exitCode } = await container.wait();
      await container.remove();
      times.push(performance.now() - begin);
      if (exitCode !== 0) throw new Error(`/bin/true ended with ${exitCode}`);
    }
  };
  const begin = performance.now();
  await Promise.all(Array.from({ length: workers }, worker));
  return [performance.now() - begin, ...times];
}

/** The settings our own containers get, so that liblxc has the same work; only the root is set per container. */
function referenceConfig(bed: Bed): string {
  const layout = new Layout(bed.directory, 'reference');
  const spec = normaliseSpec('0'.repeat(64), { image: IMAGE, command: ['/bin/true'], network: 'none' }, {});
  const names = nameFiles({ mode: 'none', hostname: spec.hostname, domainname: '', addresses: [], extraHosts: [], resolver: false, dns: [], dnsSearch: [], dnsOptions: [] });
  const etc = bed.scratch('etc');
  const files = Object.entries({ hosts: names.hosts, hostname: names.hostname, 'resolv.conf': names.resolvConf });
  for (const [file, text] of files) writeFileSync(`${etc}/${file}`, text);
  const all = lxcConfig(layout, 'reference', spec, lxcNetwork({ mode: 'none' }), files.map(([name]) => ({ name, target: `/etc/${name}`, mounted: false })));
  const items = all.filter((item) => !item.startsWith('lxc.rootfs.path=')).flatMap(eachSystemPath).map((item) => item.replace(layout.container('reference'), etc));
  items.push('lxc.log.level=ERROR', `lxc.log.file=${bed.directory}/reference.log`);
  const file = `${bed.directory}/reference.conf`;
  writeFileSync(file, `${items.map((item) => item.replace('=', ' = ')).join('\n')}\n`);
  return file;
}

/** What our supervisor takes apart by itself, see native/supervisor/system_paths.h, in liblxc's own words. */
function eachSystemPath(item: string): string[] {
  const [, options] = /^lxc\.mount\.entry=system-paths proc system-paths (\S+) /.exec(item) ?? [];
  if (options === undefined) return [item];
  return options.split(',').map((word) => {
    const [how = '', path = ''] = word.split('=');
    const mount: Record<string, string> = {
      'read-only': `${path} ${path} none bind,ro,optional,relative`,
      null: `/dev/null ${path} none bind,optional`,
      empty: `sys/fs/cgroup ${path} none bind,ro,nosuid,nodev,noexec,optional,relative`,
    };
    return `lxc.mount.entry=${mount[how]} 0 0`;
  });
}
