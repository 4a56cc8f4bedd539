// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Container } from '../../lib/containers/container';
import type { ContainerOptions } from '../../lib/containers/spec';
import type { Image } from '../../lib/images/record';
import type { TestEngine } from '../helpers/engine';

/** An operation in which every call outwards is made to fail once. */
export interface Scenario {
  name: string;
  /** What it needs; not watched. */
  prepare(test: TestEngine): Promise<Prepared>;
}

export interface Prepared {
  /** What is watched. */
  run(): Promise<unknown>;
  /** After a failure the operation must be possible still; errors that say it is done already are fine. */
  done?: string[];
  /** Removes what a success has made. */
  clean?(): Promise<void>;
}

let count = 0;
const unique = (word: string) => `${word}-${++count}`;
const SHORT: ContainerOptions = { image: 'busybox', command: ['true'], network: 'none' };

async function running(test: TestEngine): Promise<Container> {
  const container = await test.engine.containers.create({ ...SHORT, command: ['sleep', '1000'] });
  await container.start();
  return container;
}

async function committed(test: TestEngine): Promise<Image> {
  const container = await test.engine.containers.create(SHORT);
  const image = await container.commit({ reference: unique('image') });
  await container.remove();
  return image;
}

export const SCENARIOS: Scenario[] = [
  {
    name: 'create',
    prepare: async (test) => ({ run: () => test.engine.containers.create({ ...SHORT, name: unique('name') }) }),
  },
  {
    name: 'create of several at once',
    prepare: async (test) => ({ run: () => test.engine.containers.createMany([SHORT, SHORT]) }),
  },
  {
    name: 'start',
    async prepare(test) {
      const container = await test.engine.containers.create({ ...SHORT, command: ['sleep', '1000'] });
      return { run: () => container.start({ attach: { stdin: true } }), done: ['E_CONFLICT'] };
    },
  },
  {
    name: 'start with a network',
    async prepare(test) {
      const container = await test.engine.containers.create({ image: 'busybox', command: ['sleep', '1000'] });
      return { run: () => container.start(), done: ['E_CONFLICT'] };
    },
  },
  {
    name: 'wait',
    async prepare(test) {
      const container = await test.engine.containers.create(SHORT);
      await container.start();
      return { run: () => container.wait() };
    },
  },
  {
    name: 'run, removed when it ends',
    prepare: async (test) => ({
      async run() {
        const container = await test.engine.containers.run({ ...SHORT, autoRemove: true });
        await container.wait();
        await test.engine.containers.list();
      },
    }),
  },
  {
    name: 'exec',
    async prepare(test) {
      const container = await running(test);
      return {
        async run() {
          const process = await container.exec(['cat'], { attach: { stdin: true } });
          process.stdin?.end();
          process.stdout?.resume();
          process.stderr?.resume();
          await process.exited;
        },
      };
    },
  },
  {
    name: 'pause and unpause',
    async prepare(test) {
      const container = await running(test);
      return {
        async run() {
          if ((await container.inspect()).State.Status !== 'paused') await container.pause();
          await container.unpause();
        },
      };
    },
  },
  {
    name: 'kill',
    async prepare(test) {
      const container = await running(test);
      const run = async () => {
        await container.kill();
        await container.wait();
      };
      return { run, done: ['E_CONFLICT'] };
    },
  },
  {
    name: 'commit',
    async prepare(test) {
      const container = await test.engine.containers.create(SHORT);
      return { run: () => container.commit({ reference: unique('image') }) };
    },
  },
  {
    name: 'import',
    async prepare(test) {
      const path = join(test.loop.directory, unique('tree'));
      mkdirSync(path);
      writeFileSync(join(path, 'file'), 'text');
      return { run: () => test.engine.images.import({ path }, { reference: unique('image') }) };
    },
  },
  {
    name: 'image send',
    async prepare(test) {
      const path = join(test.loop.directory, unique('stream'));
      const image = await committed(test);
      return { run: () => test.engine.images.send(image.id, { path }, { parent: 'busybox' }).result };
    },
  },
  {
    name: 'send of a container',
    async prepare(test) {
      const path = join(test.loop.directory, unique('stream'));
      const container = await test.engine.containers.create(SHORT);
      return { run: () => container.send({ path }, { parent: 'busybox' }).result };
    },
  },
  {
    name: 'image receive',
    async prepare(test) {
      const path = join(test.loop.directory, unique('stream'));
      const image = await committed(test);
      await test.engine.images.send(image.id, { path }, { parent: 'busybox' }).result;
      await test.engine.images.remove(image.id, { force: true });
      return { run: () => test.engine.images.receive({ path }).result };
    },
  },
  {
    name: 'rename',
    async prepare(test) {
      const container = await test.engine.containers.create(SHORT);
      return { run: () => container.rename(unique('name')) };
    },
  },
  {
    name: 'tag',
    async prepare(test) {
      const image = await committed(test);
      return { run: () => test.engine.images.tag(image.id, unique('tag')) };
    },
  },
  {
    name: 'rmi',
    async prepare(test) {
      const image = await committed(test);
      return { run: () => test.engine.images.remove(image.id, { force: true }), done: ['E_NO_SUCH_IMAGE'] };
    },
  },
  {
    name: 'rm',
    async prepare(test) {
      const container = await test.engine.containers.create(SHORT);
      return { run: () => container.remove(), done: ['E_NO_SUCH_CONTAINER'] };
    },
  },
  {
    name: 'create with volumes',
    async prepare(test) {
      await test.engine.volumes.create({ name: 'empty' });
      return { run: () => test.engine.containers.create({ ...SHORT, mounts: ['empty:/etc', `${unique('volume')}:/bin`, '/x'] }) };
    },
  },
  {
    name: 'start with volumes',
    async prepare(test) {
      const container = await test.engine.containers.create({ ...SHORT, command: ['sleep', '1000'], mounts: ['data:/x', '/y'] });
      return { run: () => container.start(), done: ['E_CONFLICT'] };
    },
  },
  {
    name: 'rm -v',
    async prepare(test) {
      const container = await test.engine.containers.create({ ...SHORT, mounts: ['/x', '/y'] });
      return { run: () => container.remove({ volumes: true }), done: ['E_NO_SUCH_CONTAINER'] };
    },
  },
  {
    name: 'volume create',
    prepare: async (test) => ({ run: () => test.engine.volumes.create({ name: unique('volume') }) }),
  },
  {
    name: 'volume snapshot',
    async prepare(test) {
      await test.engine.volumes.create({ name: 'data' });
      return { run: () => test.engine.volumes.snapshot('data', unique('volume')) };
    },
  },
  {
    name: 'volume rm',
    async prepare(test) {
      const { name } = await test.engine.volumes.create();
      return { run: () => test.engine.volumes.remove(name), done: ['E_NO_SUCH_VOLUME'] };
    },
  },
  {
    name: 'update of a running one',
    async prepare(test) {
      const container = await running(test);
      return { run: () => container.update({ resources: { memory: 64 * 1024 ** 2, pidsLimit: 50 } }) };
    },
  },
  {
    name: 'rm -f of a running one',
    async prepare(test) {
      const container = await running(test);
      return { run: () => container.remove({ force: true }), done: ['E_NO_SUCH_CONTAINER'] };
    },
  },
];
