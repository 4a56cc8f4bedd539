// SPDX-License-Identifier: Apache-2.0
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildBusyboxRootfs } from './busybox';
import { missingPrograms } from './docker-registry';

/** Podman asks for more than root may have where CAP_SYS_RESOURCE is missing. */
const CONFIGURATION = `
[containers]
netns = "none"
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
lock_type = "file"
cgroup_manager = "cgroupfs"
events_logger = "none"
runtime = "runc"
`;

/** Podman with storage, run directory and control groups of a test's own, and the image `localhost/busybox`. Its runtime is runc, as crun refuses hybrid control groups. */
export class Podman {
  private readonly group = `podman-test-${process.pid}`;

  private constructor(readonly directory: string) {}

  /** A string says why podman cannot be used here. */
  static async start(): Promise<Podman | string> {
    const missing = missingPrograms('podman', 'runc');
    if (missing !== undefined) return missing;
    const podman = new Podman(mkdtempSync(join(tmpdir(), 'podman-')));
    writeFileSync(podman.at('containers.conf'), CONFIGURATION);
    try {
      const rootfs = buildBusyboxRootfs(podman.at('busybox'));
      execFileSync('tar', ['-C', rootfs, '-cf', podman.at('busybox.tar'), '.']);
      await podman.podman('import', '-q', podman.at('busybox.tar'), 'localhost/busybox');
      await podman.run('localhost/busybox', 'true');
      return podman;
    } catch (error) {
      podman.stop();
      return `podman cannot run a container here: ${(error as { stderr?: string }).stderr?.trim() ?? String(error)}`;
    }
  }

  at(name: string): string {
    return join(this.directory, name);
  }

  private get options(): string[] {
    return ['--root', this.at('root'), '--runroot', this.at('run'), '--tmpdir', this.at('tmp'), '--storage-driver', 'vfs'];
  }
  private get environment(): NodeJS.ProcessEnv {
    return { ...process.env, CONTAINERS_CONF: this.at('containers.conf') };
  }

  /** What a command prints, without the line's end; meanwhile this process goes on. */
  async podman(...args: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)('podman', [...this.options, ...args], { env: this.environment, maxBuffer: 2 ** 28 });
    return stdout.trimEnd();
  }

  /** What a command in a container of its own prints. */
  run(image: string, ...command: string[]): Promise<string> {
    return this.podman('run', '--rm', '--cgroup-parent', this.group, image, ...command);
  }

  /** A container that has run `command`; it stays. */
  async leave(image: string, ...command: string[]): Promise<string> {
    const id = await this.podman('create', '--cgroup-parent', this.group, image, ...command);
    await this.podman('start', '--attach', id);
    return id;
  }

  /** Calls `look` with the tree of an image. */
  async withTree<T>(image: string, look: (directory: string) => T): Promise<T> {
    const directory = await this.podman('image', 'mount', image);
    try {
      return look(directory);
    } finally {
      await this.podman('image', 'umount', image);
    }
  }

  async digest(image: string): Promise<string> {
    return this.podman('image', 'inspect', '--format', '{{.Digest}}', image);
  }

  stop(): void {
    for (const args of [['rm', '--all', '--force', '--time', '0'], ['image', 'umount', '--all']]) spawnSync('podman', [...this.options, ...args], { env: this.environment });
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n').map((line) => line.split(' ')[4] ?? '');
    for (const target of mounts.filter((path) => path.startsWith(`${this.directory}/`)).reverse()) spawnSync('umount', [target]);
    rmSync(this.directory, { recursive: true, force: true });
    removeGroups(this.group);
  }
}

/** Podman and its monitor leave their empty control groups, in each hierarchy. */
function removeGroups(name: string): void {
  const hierarchies = ['.', ...readdirSync('/sys/fs/cgroup', { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => entry.name)];
  for (const group of hierarchies.map((hierarchy) => join('/sys/fs/cgroup', hierarchy, name))) {
    for (const path of [...children(group), group]) {
      try {
        rmdirSync(path);
      } catch {
        // Not there.
      }
    }
  }
}

function children(group: string): string[] {
  try {
    return readdirSync(group, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => join(group, entry.name));
  } catch {
    return [];
  }
}
