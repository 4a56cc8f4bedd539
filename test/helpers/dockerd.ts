// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { rootIsMounted } from '../../bench/peers';
import { buildBusyboxRootfs } from './busybox';
import { patience } from './patience';

/** Why Docker cannot be run here; undefined when it can. */
export function dockerMissing(): string | undefined {
  const missing = ['dockerd', 'docker', 'containerd', 'runc'].filter((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).error !== undefined);
  if (missing.length > 0) return `${missing.join(', ')} not installed (Debian: docker.io)`;
  return rootIsMounted() ? undefined : 'the root directory is that of a chroot, where Docker cannot unpack layers';
}

/** A Docker daemon of a test's own with the image `busybox`; it touches neither the network nor another daemon. */
export class Dockerd {
  private constructor(
    private readonly directory: string,
    private readonly process: ChildProcess,
  ) {}

  static async start(): Promise<Dockerd> {
    const directory = mkdtempSync(join(tmpdir(), 'dockerd-'));
    const at = (name: string) => join(directory, name);
    for (const name of ['data', 'tmp']) mkdirSync(at(name));
    const options = ['--data-root', at('data'), '--exec-root', at('exec'), '--pidfile', at('pid'), '-H', `unix://${at('sock')}`, '--storage-driver', 'vfs', '--bridge=none', '--iptables=false', '--ip6tables=false', '--userland-proxy=false'];
    // Its containerd, if it ends slowly, leaves what its threads were doing in the directory for temporary files.
    const daemon = spawn('dockerd', options, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, TMPDIR: at('tmp') } });
    daemon.stderr?.pipe(createWriteStream(at('log')));
    const self = new Dockerd(directory, daemon);
    try {
      await self.ready();
    } catch (error) {
      await self.stop();
      throw error;
    }
    return self;
  }

  private async ready(): Promise<void> {
    const at = (name: string) => join(this.directory, name);
    for (const deadline = Date.now() + patience(60_000); ; await delay(50)) {
      if (this.try('version').status === 0) break;
      if (this.process.exitCode !== null || Date.now() > deadline) throw new Error(`dockerd does not start: ${readFileSync(at('log'), 'utf8')}`);
    }
    const rootfs = buildBusyboxRootfs(at('busybox'));
    execFileSync('docker', [...this.host, 'import', '-', 'busybox'], { input: execFileSync('tar', ['-C', rootfs, '-c', '.'], { maxBuffer: 1 << 26 }) });
  }

  private get host(): string[] {
    return ['-H', `unix://${join(this.directory, 'sock')}`];
  }

  private try(...args: string[]) {
    return spawnSync('docker', [...this.host, ...args], { encoding: 'utf8' });
  }

  /** What a command of its client prints; meanwhile this process goes on, as a registry for one. */
  async docker(...args: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)('docker', ['--config', this.directory, ...this.host, ...args], { maxBuffer: 2 ** 28 });
    return stdout;
  }

  /** What a command in a container of its own prints. */
  run(...args: string[]): string {
    const { status, stdout, stderr } = this.try('run', '--rm', '--network', 'none', ...args);
    if (status !== 0) throw new Error(`docker run ${args.join(' ')}: ${stderr}`);
    return stdout;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    if (this.process.exitCode === null && this.process.kill('SIGTERM')) await ended;
    rmSync(this.directory, { recursive: true, force: true });
  }
}
