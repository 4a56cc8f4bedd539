// SPDX-License-Identifier: Apache-2.0
import { copyFileSync, linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Container } from '../../lib/containers/container';
import type { ContainerSummary } from '../../lib/containers/list';
import type { Engine } from '../../lib/engine';
import type { Report } from './model';
import type { Random } from './random';

/** What an operation works with. */
export interface Client {
  engine: Engine;
  random: Random;
  /** Unlike that of any other client. */
  name: string;
  /** For its files. */
  directory: string;
  /** Resolves when the runner has it, whatever happens to this process then. */
  tell(report: Report): Promise<void>;
}

/** So many things at most; beyond that they are removed before more are made. */
const MOST = { containers: 24, images: 16 };

export const OPERATIONS = { create, start, run, exec, commit, importTree, rename, tag, kill, pause, remove, removeImage };

export type OperationName = keyof typeof OPERATIONS;

const WEIGHTS: Record<OperationName, number> = {
  ...{ create: 4, start: 6, run: 2, exec: 5, commit: 4, importTree: 2 },
  ...{ rename: 1, tag: 1, kill: 2, pause: 1, remove: 4, removeImage: 3 },
};

export function chooseOperation(random: Random): OperationName {
  return random.weighted(WEIGHTS);
}

let count = 0;

function unique(client: Client): string {
  return `${client.name}-${++count}`;
}

async function some(client: Client, wanted: (container: ContainerSummary) => boolean): Promise<Container | undefined> {
  const target = client.random.pick((await client.engine.containers.list({ all: true })).filter(wanted));
  return target && client.engine.containers.get(target.id);
}

async function create(client: Client): Promise<void> {
  const { engine, random } = client;
  if ((await engine.containers.list({ all: true })).length >= MOST.containers) return remove(client);
  const image = random.chance(0.7) ? 'busybox' : (random.pick(await engine.images.list())?.id ?? 'busybox');
  const network = random.chance(0.15) ? 'bridge' : 'none';
  const container = await engine.containers.create({ image, name: unique(client), command: ['sleep', '1000'], network });
  await client.tell({ say: 'made', what: 'container', id: container.id });
}

async function start(client: Client): Promise<void> {
  await (await some(client, ({ state }) => state === 'created' || state === 'exited'))?.start();
}

async function run({ engine }: Client): Promise<void> {
  const container = await engine.containers.run({ image: 'busybox', command: ['true'], network: 'none', autoRemove: true });
  await container.wait();
}

async function exec(client: Client): Promise<void> {
  const container = await some(client, ({ state }) => state === 'running');
  if (container === undefined) return start(client);
  const process = await container.exec(['sh', '-c', `echo ${unique(client)} > /written; cat /written`]);
  process.stdout?.resume();
  process.stderr?.resume();
  await process.exited;
}

async function commit(client: Client): Promise<void> {
  const { engine } = client;
  if ((await engine.images.list()).length >= MOST.images) return removeImage(client);
  const container = await some(client, () => true);
  if (container === undefined) return create(client);
  const token = unique(client);
  writeFileSync(join(engine.root, 'containers', container.id, 'rootfs', token), token);
  const image = await container.commit({ reference: token });
  await client.tell({ say: 'made', what: 'image', id: image.id, tag: `${token}:latest`, token });
}

async function importTree(client: Client): Promise<void> {
  const token = unique(client);
  const tree = join(client.directory, token);
  try {
    const image = await client.engine.images.import({ path: makeTree(tree, token) }, { reference: token });
    await client.tell({ say: 'made', what: 'image', id: image.id, tag: `${token}:latest`, token });
  } finally {
    rmSync(tree, { recursive: true });
  }
}

/** The least that a container can run from, and a file to know it by. */
export function makeTree(tree: string, token: string): string {
  mkdirSync(join(tree, 'bin'), { recursive: true });
  copyFileSync('/bin/busybox', join(tree, 'bin/busybox'));
  for (const name of ['sh', 'sleep', 'cat', 'echo', 'true']) linkSync(join(tree, 'bin/busybox'), join(tree, 'bin', name));
  writeFileSync(join(tree, token), token);
  return tree;
}

async function rename(client: Client): Promise<void> {
  await (await some(client, () => true))?.rename(unique(client));
}

async function tag(client: Client): Promise<void> {
  const image = client.random.pick(await client.engine.images.list());
  if (image === undefined) return;
  const name = `${unique(client)}:t`;
  await client.engine.images.tag(image.id, name);
  await client.tell({ say: 'tagged', id: image.id, tag: name });
}

async function kill(client: Client): Promise<void> {
  await (await some(client, ({ state }) => state === 'running'))?.kill();
}

async function pause(client: Client): Promise<void> {
  const container = await some(client, ({ state }) => state === 'running' || state === 'paused');
  if (container === undefined) return start(client);
  if ((await container.inspect()).State.Status === 'running') await container.pause();
  await container.unpause();
}

async function remove(client: Client): Promise<void> {
  const container = await some(client, () => true);
  if (container !== undefined) await removal(client, container.id, () => container.remove({ force: true }));
}

async function removeImage(client: Client): Promise<void> {
  const { engine, random } = client;
  const image = random.pick((await engine.images.list()).filter(({ tags }) => !tags.some((name) => /^(busybox|empty):/.test(name))));
  if (image !== undefined) await removal(client, image.id, () => engine.images.remove(image.id, { force: true }));
}

async function removal(client: Client, id: string, work: () => Promise<unknown>): Promise<void> {
  await client.tell({ say: 'removing', id });
  try {
    await work();
  } catch (error) {
    await client.tell({ say: 'kept', id });
    throw error;
  }
  await client.tell({ say: 'removed', id });
}
