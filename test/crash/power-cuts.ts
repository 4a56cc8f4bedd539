// SPDX-License-Identifier: Apache-2.0
// In a virtual machine whose plug is pulled again and again: power-cuts.js CUTS SEED. Looks at what the last time has left in the
// store on the second disk, then goes on with the crash test's operations until the power goes. After the last cut it only looks.
import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Engine } from '../../lib/engine';
import { DockerliteError } from '../../lib/errors';
import { initStore } from '../../lib/init';
import { buildBusyboxRootfs } from '../helpers/busybox';
import { findings } from '../helpers/findings';
import { patience } from '../helpers/patience';
import { CrashRun } from './crash-run';
import { type Entry, parseReports, promised, writeReport } from './report-log';
import { removeEverything, runningOnes } from './verdict';

const DISK = '/dev/vdc';
/** What was reported before this boot. */
const LOG = '/dev/vdd';
/** Takes what is reported from now on; write(2) returns when the host has it. */
const PORT = '/dev/virtio-ports/dockerlite.reports';
const MOUNT = '/mnt/store';
const ROOT = join(MOUNT, 'dockerlite');
/** Of a client, ms: beginning it takes an emulated machine seconds. */
const MOST_LIFE = patience(500);

async function main(): Promise<void> {
  const [cuts, seed] = process.argv.slice(2).map(Number) as [number, number];
  process.env['DOCKERLITE_TEST_RUN'] = String(process.pid);
  const log = parseReports(readFileSync(LOG, 'utf8'));
  const boot = log.filter(({ say }) => say === 'booted').length;
  mkdirSync(MOUNT, { recursive: true });
  const engine = boot === 0 ? await firstStore() : await sameStore();
  const faults = boot === 0 ? [] : await judge(engine, log);
  if (boot === cuts) {
    await removeEverything(engine);
    for (const finding of await findings(engine)) if (finding.note !== true) faults.push(`found after everything was removed: ${JSON.stringify(finding)}`);
  }
  for (const fault of faults) console.log(`power-cut-fault: ${fault}`);
  if (boot < cuts) await work(engine, boot, seed);
  await engine.close();
}

async function firstStore(): Promise<Engine> {
  execFileSync('mke2fs', ['-q', '-t', 'ext4', '-F', DISK]);
  execFileSync('mount', [DISK, MOUNT]);
  await initStore({ root: ROOT, size: 4 * 1024 ** 3 });
  const engine = await Engine.open({ root: ROOT, pool: 0 });
  await engine.images.import({ path: buildBusyboxRootfs(join(clients(), 'busybox')) }, { reference: 'busybox', changes: ['CMD ["sh"]'] });
  return engine;
}

async function sameStore(): Promise<Engine> {
  execFileSync('mount', [DISK, MOUNT]);
  return Engine.open({ root: ROOT, pool: 0 });
}

/** Everything promised is there, one repair suffices, and every container can be used. */
async function judge(engine: Engine, log: Entry[]): Promise<string[]> {
  const faults = log.slice(log.findLastIndex(({ say }) => say === 'booted')).flatMap((entry) => (entry.say === 'unexpected' ? [`${entry.operation}: ${entry.error}`] : []));
  const containers = await engine.containers.list({ all: true });
  for (const { id, state } of containers) if (state === 'running' || state === 'paused') faults.push(`container ${id} is ${state} after the machine has come up`);
  const mended = (await findings(engine, { repair: true })).filter(({ note }) => note !== true);
  for (const finding of mended) if (finding.repaired === undefined) faults.push(`not repaired: ${JSON.stringify(finding)}`);
  for (const finding of await findings(engine)) if (finding.note !== true) faults.push(`found after the repair: ${JSON.stringify(finding)}`);
  const model = promised(log);
  faults.push(...(await model.compare(engine)));
  for (const { id, imageId } of await engine.containers.list({ all: true })) await startIfItCan(engine, id, imageId);
  faults.push(...(await runningOnes(engine)));
  const kinds = [...new Set(mended.map(({ kind }) => kind))].map((kind) => `${mended.filter((one) => one.kind === kind).length} ${kind}`);
  console.log(`power-cut: promised and there: ${model.count('container')} containers, ${model.count('image')} images; mended: ${kinds.join(', ') || 'nothing'}; ${faults.length} faults`);
  return faults;
}

/** One of an empty image has no command. */
async function startIfItCan(engine: Engine, id: string, image: string): Promise<void> {
  try {
    await (await engine.containers.get(id)).start();
  } catch (error) {
    const sleep = join(ROOT, 'images', image, 'rootfs/bin/sleep');
    const nothing = error instanceof DockerliteError && error.code === 'E_COMMAND_NOT_FOUND' && lstatSync(sleep, { throwIfNoEntry: false }) === undefined;
    if (!nothing) throw error;
  }
}

async function work(engine: Engine, boot: number, seed: number): Promise<void> {
  const reports = openSync(PORT, 'w');
  const containers = (await engine.containers.list({ all: true })).map(({ id }) => id);
  const images = (await engine.images.list()).map(({ id, tags }) => ({ id, tags }));
  writeReport(reports, 'boot', { say: 'booted', containers, images });
  const place = { engine, root: ROOT, directory: clients() };
  const run = await CrashRun.go(place, { kills: Infinity, seed: seed + boot, workers: 2, longest: MOST_LIFE, name: `b${boot}-`, reports });
  for (const complaint of run.complaints) console.log(`power-cut-fault: ${complaint}`);
}

function clients(): string {
  return mkdtempSync('/var/tmp/dockerlite-test-');
}

void main();
