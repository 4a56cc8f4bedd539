// SPDX-License-Identifier: Apache-2.0
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readMounts } from '../lib/binding/mounts';
import type { Bed } from './bed';
import { kernelMemory, processes, proportionalSize } from './machine-memory';
import { type Comparison, measured } from './result';

const COUNT = 50;

export interface Peer {
  name: string;
  /** Its command line with the options that keep it apart from the machine's own. */
  command: string[];
  /** Programs of which one stays with each container. */
  helpers: RegExp;
  begin(): Promise<() => Promise<void>>;
}

/** What Docker's and Podman's idle containers take beyond their payload, where Debian's packages of them are installed. */
export async function peersMemory(bed: Bed): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  for (const peer of [docker(bed), podman(bed)]) {
    if (peer === undefined) continue;
    const end = await peer.begin();
    try {
      comparisons.push(measurePeer(bed, peer));
    } catch (error) {
      comparisons.push({ title: `${peer.name} cannot run here: ${String(error).trim().split('\n').at(-1)}`, sides: [], checks: [] });
    } finally {
      await end();
    }
  }
  return comparisons;
}

function measurePeer(bed: Bed, { name, command, helpers }: Peer): Comparison {
  const [program, ...options] = command as [string, ...string[]];
  const run = (...words: string[]) => execFileSync(program, [...options, ...words], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  execFileSync('sh', ['-c', 'tar -C "$1" -c . | "${@:2}" import - bench:latest'.replace('"${@:2}"', '"$2" ${3}'), 'sh', bed.source, program, options.join(' ')], { stdio: 'ignore' });
  const mine = (all: ReturnType<typeof processes>) => all.filter((each) => helpers.test(each.name));
  const present = new Set(mine(processes()).map(({ pid }) => pid));
  const before = kernelMemory();
  const ids = Array.from({ length: COUNT }, () => run('run', '-d', '--network', 'none', 'bench:latest', '/bin/sleep', '86400'));
  const kernel = (kernelMemory() - before) / COUNT;
  const sizes = mine(processes()).filter(({ pid }) => !present.has(pid)).map(({ pid }) => proportionalSize(pid));
  const each = sizes.reduce((sum, size) => sum + size, 0) / COUNT;
  run('rm', '-f', ...(name === 'Podman' ? ['-t', '0'] : []), ...ids);
  const sides = [measured('its helper processes, PSS', 'KiB', [each]), measured("kernel's growth, each", 'KiB', [kernel])];
  return { title: `${name}, ${COUNT} containers running sleep`, sides, checks: [{ what: 'memory of a container without its payload', value: each + kernel, unit: 'KiB' }] };
}

/** In a chroot, whose root is no mount, Docker and Podman cannot unpack a layer: they mount / anew. */
export function rootIsMounted(): boolean {
  return readMounts().some(({ target }) => target === '/');
}

/** On the store's file system, or beside it with another storage driver. */
export function docker(bed: Bed, driver = 'btrfs'): Peer | undefined {
  if (!isInstalled('dockerd') || !rootIsMounted()) return undefined;
  const [name, data] = driver === 'btrfs' ? ['Docker', bed.scratch('docker')] : [`Docker, ${driver}`, join(bed.directory, driver)];
  const run = join(bed.directory, `docker-${driver}`);
  const socket = `unix://${run}.sock`;
  return {
    name,
    command: ['docker', '-H', socket],
    helpers: /^containerd-shim/,
    async begin() {
      const dirs = ['--data-root', join(data, 'data'), '--exec-root', run, '--pidfile', `${run}.pid`, '--storage-driver', driver];
      const daemon = spawn('dockerd', ['-H', socket, ...dirs, '--iptables=false', '--ip6tables=false', '--bridge=none'], { stdio: 'ignore' });
      const ended = new Promise<void>((resolve) => daemon.once('exit', () => resolve()));
      while (spawnSync('docker', ['-H', socket, 'version'], { stdio: 'ignore' }).status !== 0 && daemon.exitCode === null) await delay(100);
      return async () => {
        daemon.kill('SIGTERM');
        await ended;
      };
    },
  };
}

export function podman(bed: Bed): Peer | undefined {
  if (!isInstalled('podman') || !rootIsMounted()) return undefined;
  // As root without CAP_SYS_RESOURCE has no higher limits to give, and crun refuses hybrid control groups.
  const configuration = join(bed.directory, 'containers.conf');
  writeFileSync(configuration, '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]\n[engine]\nruntime = "runc"\n');
  // Podman takes no name longer than fifty bytes.
  const runroot = join('/run', basename(bed.directory));
  const options = [`CONTAINERS_CONF=${configuration}`, 'podman', '--root', bed.scratch('podman'), '--runroot', runroot, '--storage-driver', 'btrfs', '--cgroup-manager', 'cgroupfs'];
  return {
    name: 'Podman',
    command: ['env', ...options],
    helpers: /^conmon/,
    begin: async () => async () => {
      spawnSync('env', [...options, 'system', 'reset', '-f'], { stdio: 'ignore' });
      rmSync(runroot, { recursive: true, force: true });
    },
  };
}

export function isInstalled(program: string): boolean {
  return ['/usr/bin', '/usr/sbin'].some((directory) => existsSync(join(directory, program)));
}
