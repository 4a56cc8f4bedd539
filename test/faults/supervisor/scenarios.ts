// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { Container } from '../../../lib/containers/container';
import type { ContainerOptions } from '../../../lib/containers/spec';
import type { Engine } from '../../../lib/engine';
import { readAll } from '../../helpers/engine';
import { until } from '../../helpers/supervision';

/** Something a supervisor does, from the outside. What a success is worth is asserted in `run`. */
export interface Scenario {
  name: string;
  options: ContainerOptions;
  /** Begins with a container that runs. */
  running: boolean;
  run(container: Container, engine: Engine): Promise<void>;
}

const SLEEP: ContainerOptions = { image: 'busybox', command: ['sleep', '1000'], network: 'none' };
const CAT: ContainerOptions = { image: 'busybox', command: ['cat'], network: 'none', openStdin: true };

const WRITTEN = 'there and back\n';

/** Says what of the container it is not in. */
const INSIDE = 'for ns in user mnt uts ipc net cgroup pid; do test "$(readlink /proc/self/ns/$ns)" = "$(readlink /proc/1/ns/$ns)" || echo outside $ns; done';

/** A stream that fails is closed, as far as it has come: nothing but what was written has passed through it. */
function checkOutput(output: string): void {
  assert.ok(WRITTEN.startsWith(output.replaceAll('\r', '')), JSON.stringify(output));
}

/** Runs a program that repeats its input, from its start to its end. */
async function runCat(container: Container): Promise<void> {
  const attachment = await container.start({ attach: { stdin: true } });
  attachment.stdin?.on('error', () => undefined).end(WRITTEN);
  const [output] = await Promise.all([readAll(attachment.stdout), readAll(attachment.stderr), attachment.exited]);
  checkOutput(output);
}

async function execEcho(container: Container): Promise<void> {
  const process = await container.exec(['sh', '-c', `cat; ${INSIDE}; exit 7`], { attach: { stdin: true } });
  process.stdin?.on('error', () => undefined).end(WRITTEN);
  const [output, , exitCode] = await Promise.all([readAll(process.stdout), readAll(process.stderr), process.exited]);
  assert.notEqual(exitCode, 0);
  checkOutput(output);
}

async function usable(container: Container): Promise<void> {
  const process = await container.exec(['echo', WRITTEN.trimEnd()]);
  const [output, , exitCode] = await Promise.all([readAll(process.stdout), readAll(process.stderr), process.exited]);
  checkOutput(output);
  assert.equal(exitCode, 0);
}

/** Made for them all. */
export const NETWORKS = ['front', 'back'];

const NETWORKED: ContainerOptions = { ...SLEEP, network: { network: 'front', aliases: ['site'] } };

/** One call that fails may cost an answer, but not those after it. */
const LOOK_UP = 'for attempt in 1 2; do nslookup -type=a "$0" | tail -n +3 | grep -F "Address: $1" && exit; done; exit 1';

/** A name of a container's own leads to its address in that network. */
async function findsItself(container: Container, network: string, name: string): Promise<void> {
  const { State, NetworkSettings } = await container.inspect();
  if (State.Status !== 'running') return;
  const process = await container.exec(['sh', '-c', LOOK_UP, name, NetworkSettings.Networks[network]?.IPAddress ?? 'nowhere']);
  const [, , exitCode] = await Promise.all([readAll(process.stdout), readAll(process.stderr), process.exited]);
  assert.equal(exitCode, 0, `${name} is not found`);
}

export const SCENARIOS: Scenario[] = [
  { name: 'a run, attached, from start to end', options: CAT, running: false, run: runCat },
  { name: 'a run with a terminal', options: { ...SLEEP, tty: true, command: ['sh', '-c', 'echo there and back'] }, running: false, run: runCat },
  { name: 'a run in the user namespace of the host', options: { ...CAT, isolation: { userns: 'host' } }, running: false, run: runCat },
  {
    name: 'a start with a network and a port',
    options: { ...SLEEP, network: 'bridge', publish: ['127.0.0.1::80'] },
    running: false,
    run: (container) => container.start(),
  },
  {
    name: 'a start in two networks that know its names',
    options: { ...NETWORKED, network: [{ network: 'front', aliases: ['site'] }, { network: 'back', aliases: ['yard'] }] },
    running: false,
    async run(container) {
      await container.start();
      await findsItself(container, 'front', 'site');
      await findsItself(container, 'back', 'yard');
    },
  },
  {
    name: 'a network connected and disconnected',
    options: NETWORKED,
    running: true,
    async run(container, engine) {
      await engine.networks.connect('back', container.id, { aliases: ['yard'] });
      await findsItself(container, 'back', 'yard');
      await engine.networks.disconnect('back', container.id);
      await findsItself(container, 'front', 'site');
    },
  },
  { name: 'an exec', options: SLEEP, running: true, run: execEcho },
  {
    name: 'attach',
    options: { ...SLEEP, command: ['sh', '-c', 'while usleep 5000; do echo there and back; done'] },
    running: true,
    async run(container) {
      const attachment = await container.attach();
      const stdout = attachment.stdout as Readable;
      // A stream that fails may be closed before anything has come.
      const [first] = (await Promise.race([once(stdout, 'data'), once(stdout, 'close').then(() => [''])])) as [Buffer | string];
      assert.match(String(first), /there and back|^$/);
      attachment.detach();
    },
  },
  {
    name: 'pause and unpause',
    options: SLEEP,
    running: true,
    async run(container) {
      await container.pause();
      await container.unpause();
      await usable(container);
    },
  },
  { name: 'stop', options: SLEEP, running: true, run: (container) => container.stop({ timeout: 0 }) },
  {
    name: 'restart',
    options: SLEEP,
    running: true,
    async run(container) {
      await container.restart({ timeout: 0 });
      await usable(container);
    },
  },
  {
    name: 'the restart policy',
    options: { ...SLEEP, command: ['false'], restart: 'on-failure:2' },
    running: false,
    async run(container) {
      await container.start();
      const { State, RestartCount } = await until(() => container.inspect(), ({ State: { Status } }) => Status === 'exited');
      assert.notEqual(State.ExitCode, 0);
      if (State.ExitCode === 1) assert.equal(RestartCount, 2);
    },
  },
  {
    name: 'a health check',
    options: { ...SLEEP, healthcheck: { test: ['true'], interval: 10 } },
    running: false,
    async run(container) {
      await container.start();
      await until(() => container.inspect(), ({ State }) => State.Health?.Status === 'healthy' || State.Status !== 'running');
    },
  },
];
