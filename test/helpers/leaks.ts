// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { patience } from './patience';

/** Everything on the machine that a test could leave behind, one line each. */
export type Leftovers = Set<string>;

/** Cgroups of containers, whatever liblxc or this project call them; lxc.monitors is that of all supervisors and stays. */
const CGROUP = /^(lxc\.(payload|monitor)\.|dockerlite)/;

/** What is there now; `directory` is where tests keep their files. */
export function leftovers(directory: string): Leftovers {
  return new Set([
    ...mounts(directory),
    ...loopDevices(directory),
    ...cgroups('/sys/fs/cgroup', 3).map((path) => `cgroup ${path}`),
    ...list('/sys/class/net').map((name) => `network link ${name}`),
    ...list('/run/dockerlite').map((name) => `run directory /run/dockerlite/${name}`),
    ...processes().filter(({ ours }) => ours).map(({ text }) => text),
    ...list(directory).map((name) => `file ${join(directory, name)}`),
  ]);
}

/**
 * What is there and was not `before`, after giving clean-up that runs in the background time to finish. While somebody
 * else's containers run on this machine, what could be theirs is not counted.
 */
export async function newLeftovers(directory: string, before: Leftovers, patienceMs = patience(10_000)): Promise<string[]> {
  const deadline = Date.now() + patienceMs;
  let added = [...leftovers(directory)].filter((line) => !before.has(line));
  for (;;) {
    if (processes().some(({ ours }) => !ours)) added = added.filter((line) => !ANYBODYS.test(line));
    if (added.length === 0 || Date.now() > deadline) return added;
    await delay(20);
    const now = leftovers(directory);
    added = added.filter((line) => now.has(line));
  }
}

/** Control groups and links of containers, with the digits of the container's id that their names tell. */
export function containerThings(): { digits: string; line: string }[] {
  const lines = [...cgroups('/sys/fs/cgroup', 3).map((path) => `cgroup ${path}`), ...list('/sys/class/net').map((name) => `network link ${name}`)];
  return lines.flatMap((line) => {
    const match = /(?:^|[/.])lxc\.(?:payload|monitor)\.([0-9a-f]{64})|dl([0-9a-f]{12})$/.exec(line);
    return match === null ? [] : [{ digits: match[1] ?? match[2] ?? '', line }];
  });
}

/** Lines that do not say whose they are. */
const ANYBODYS = /^(cgroup|network link|run directory) /;

function mounts(directory: string): string[] {
  const targets = readFileSync('/proc/self/mountinfo', 'utf8').split('\n').map((line) => line.split(' ')[4] ?? '');
  return targets.filter((target) => target.startsWith(`${directory}/`)).map((target) => `mount ${target}`);
}

function loopDevices(directory: string): string[] {
  return list('/sys/block')
    .filter((name) => name.startsWith('loop'))
    .map((name) => ({ name, file: read(`/sys/block/${name}/loop/backing_file`).trim() }))
    .filter(({ file }) => file.startsWith(`${directory}/`))
    .map(({ name, file }) => `loop device /dev/${name} of ${file}`);
}

/** Containers' groups in every hierarchy, v1 and v2; `depth` levels because systemd has a slice above. */
function cgroups(directory: string, depth: number): string[] {
  return list(directory).flatMap((name) => {
    const path = join(directory, name);
    if (!existsSync(join(path, 'cgroup.procs')) && directory !== '/sys/fs/cgroup') return [];
    if (CGROUP.test(name)) return [path];
    return depth > 0 ? cgroups(path, depth - 1) : [];
  });
}

/** The project's own programs, and whether this test run started them. */
function processes(): { text: string; ours: boolean }[] {
  const marker = `DOCKERLITE_TEST_RUN=${process.env['DOCKERLITE_TEST_RUN']}`;
  return list('/proc').filter((pid) => /^\d+$/.test(pid)).flatMap((pid) => {
    const name = read(`/proc/${pid}/comm`).trim();
    if (!name.startsWith('dockerlite')) return [];
    // Nothing can be read of one that is ending.
    const environment = read(`/proc/${pid}/environ`);
    if (environment === '') return [];
    return [{ text: `process ${pid} (${name}, ${link(`/proc/${pid}/exe`)})`, ours: environment.split('\0').includes(marker) }];
  });
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '?';
  }
}
