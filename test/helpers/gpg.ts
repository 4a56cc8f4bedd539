// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** GnuPG with a home of its own, as the one who signs. Its agent ends with `remove`. */
export class Gpg {
  private constructor(readonly home: string) {}

  static create(directory: string): Gpg {
    // A short path: there are sockets in it.
    mkdirSync(directory, { mode: 0o700 });
    return new Gpg(directory);
  }

  run(args: string[], input: string | Buffer = ''): Buffer {
    return execFileSync('gpg', ['--homedir', this.home, '--batch', '--yes', '--no-tty', '--pinentry-mode', 'loopback', '--passphrase', '', ...args], { input, stdio: ['pipe', 'pipe', 'pipe'] });
  }

  /** `algorithm` as gpg names it: ed25519, rsa2048. With `subkey`, what signs is a subkey. */
  key(name: string, algorithm = 'ed25519', { subkey = false, lifetime = 'never', options = [] as string[] } = {}): TestKey {
    this.run([...options, '--quick-generate-key', `${name} <${name}@example.org>`, algorithm, subkey ? 'cert' : 'sign', lifetime]);
    const fingerprint = /^fpr:+([0-9A-F]+):/m.exec(this.run(['--with-colons', '--list-keys', `${name}@example.org`]).toString())?.[1] as string;
    if (subkey) this.run([...options, '--quick-add-key', fingerprint, algorithm, 'sign', lifetime]);
    return new TestKey(this, name, fingerprint);
  }

  remove(): void {
    execFileSync('gpgconf', ['--homedir', this.home, '--kill', 'all'], { stdio: 'pipe' });
    rmSync(this.home, { recursive: true, force: true });
  }
}

export class TestKey {
  constructor(
    private readonly gpg: Gpg,
    private readonly name: string,
    readonly fingerprint: string,
  ) {}

  clearSign(text: string, options: string[] = []): string {
    return this.gpg.run([...options, '--local-user', `${this.name}@example.org`, '--clear-sign'], text).toString();
  }

  /** Its public part, as a file. */
  keyring(armor = false): string {
    const path = join(this.gpg.home, `${this.name}.${armor ? 'asc' : 'gpg'}`);
    writeFileSync(path, this.gpg.run([...(armor ? ['--armor'] : []), '--export', `${this.name}@example.org`]));
    return path;
  }
}
