// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answers, freePort } from '../../bench/images/registry';
import { makeCertificates } from './certificates';

/** ann:pw, as `htpasswd -B` writes it. */
const HTPASSWD = 'ann:$2y$05$Q/zzys4JRmQ1s16T3EHpV.GRgGveUJOfFvQS1sIU8QHXNOabkvNfm\n';

export interface DockerRegistryOptions {
  tls?: boolean;
  /** Only ann, with the password pw. */
  auth?: boolean;
}

/** Why tests with programs that are not ours cannot run here. */
export function missingPrograms(...names: string[]): string | undefined {
  const missing = names.filter((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0);
  return missing.length === 0 ? undefined : `not installed: ${missing.join(', ')} (scripts/setup.sh --test)`;
}

/** Debian's docker-registry on a port of 127.0.0.1, with a directory of its own. */
export class DockerRegistry implements AsyncDisposable {
  private constructor(
    readonly directory: string,
    readonly port: number,
    private readonly child: ChildProcess,
    private readonly options: DockerRegistryOptions,
  ) {}

  static async start(options: DockerRegistryOptions = {}): Promise<DockerRegistry> {
    const directory = mkdtempSync(join(tmpdir(), 'docker-registry-'));
    writeFileSync(join(directory, 'htpasswd'), HTPASSWD);
    const port = await freePort();
    if (options.tls === true) makeCertsDirectory(directory, `127.0.0.1:${port}`);
    writeFileSync(join(directory, 'config.yml'), configuration(directory, port, options));
    const child = spawn('docker-registry', ['serve', join(directory, 'config.yml')], { stdio: 'ignore' });
    const registry = new DockerRegistry(directory, port, child, options);
    if (await answers(port, child)) return registry;
    throw new Error(`docker-registry ended with status ${child.exitCode}`);
  }

  get host(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** certs.d for a client that is to trust it. */
  get certificates(): string {
    return join(this.directory, 'certs.d');
  }

  /** skopeo with what it needs to get in. */
  skopeo(...args: string[]): string {
    const { tls, auth } = this.options;
    const side = (name: string) => [...(tls === true ? [`--${name}-cert-dir=${join(this.certificates, this.host)}`] : [`--${name}-tls-verify=false`]), ...(auth === true ? [`--${name}-creds=ann:pw`] : [])];
    const flags = args.flatMap((arg, index) => (arg.startsWith('docker://') ? side(index === 0 ? 'src' : 'dest') : []));
    return execFileSync('skopeo', ['--insecure-policy', 'copy', '--all', '-q', ...flags, ...args], { encoding: 'utf8' });
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill('SIGKILL');
      await once(this.child, 'exit');
    }
    rmSync(this.directory, { recursive: true, force: true });
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

function configuration(directory: string, port: number, { tls, auth }: DockerRegistryOptions): string {
  const lines = ['version: 0.1', 'log: { level: error }', `storage: { filesystem: { rootdirectory: "${directory}/data" }, delete: { enabled: true } }`, 'http:', `  addr: "127.0.0.1:${port}"`];
  if (tls === true) lines.push(`  tls: { certificate: "${directory}/server.crt", key: "${directory}/server.key" }`);
  if (auth === true) lines.push(`auth: { htpasswd: { realm: test, path: "${directory}/htpasswd" } }`);
  return `${lines.join('\n')}\n`;
}

/** Those of the server, and certs.d for who is to trust them. */
function makeCertsDirectory(directory: string, host: string): void {
  makeCertificates(directory);
  mkdirSync(join(directory, 'certs.d', host), { recursive: true });
  copyFileSync(join(directory, 'ca.crt'), join(directory, 'certs.d', host, 'ca.crt'));
}
