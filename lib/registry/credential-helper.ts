// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { DockerliteError } from '../errors';
import { isObject } from './manifest';
import type { Credentials } from './docker-config';

/** What a helper says when it has nothing. */
const NOT_FOUND = 'credentials not found in native keychain';
/** Bytes; a helper that writes more is broken. */
const LONGEST_ANSWER = 1024 ** 2;
/** ms; a helper may ask its user for a passphrase. */
const PATIENCE = 5 * 60_000;

/** The user name under which helpers keep identity tokens. */
const TOKEN_USER = '<token>';

/**
 * A `docker-credential-NAME` program of the user's, which keeps passwords in the keychain of a desktop or makes them for a
 * cloud. The protocol is theirs: an action as argument, text or JSON through stdin and stdout.
 */
export class CredentialHelper {
  readonly program: string;

  /** @throws E_INVALID for a name that would be a path */
  constructor(name: string) {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) throw new DockerliteError('E_INVALID', `invalid credential helper name ${JSON.stringify(name.slice(0, 80))}`);
    this.program = `docker-credential-${name}`;
  }

  async get(server: string): Promise<Credentials | undefined> {
    const answer = await this.run('get', server);
    if (answer === undefined) return undefined;
    const parsed = this.parse(answer);
    const username = textOf(parsed['Username']);
    const secret = textOf(parsed['Secret']);
    return username === TOKEN_USER ? { username: '', password: '', identityToken: secret } : { username, password: secret };
  }

  async store(server: string, { username, password, identityToken }: Credentials): Promise<void> {
    const secret = identityToken === undefined ? { Username: username, Secret: password } : { Username: TOKEN_USER, Secret: identityToken };
    await this.run('store', JSON.stringify({ ServerURL: server, ...secret }));
  }

  async erase(server: string): Promise<void> {
    await this.run('erase', server);
  }

  /** Server to user name. */
  async list(): Promise<Record<string, string>> {
    const parsed = this.parse((await this.run('list', '')) ?? '{}');
    return Object.fromEntries(Object.entries(parsed).map(([server, user]) => [server, textOf(user)]));
  }

  private parse(answer: string): Record<string, unknown> {
    try {
      const parsed: unknown = JSON.parse(answer);
      if (isObject(parsed)) return parsed;
    } catch {
      // as any other text
    }
    throw new DockerliteError('E_SYSTEM', `${this.program} did not answer in JSON`);
  }

  /** What it writes; undefined when it says that it has nothing. */
  private async run(action: string, input: string): Promise<string | undefined> {
    const { status, output } = await this.spawn(action, input);
    if (status === 0) return output;
    const message = output.trim();
    if (message === NOT_FOUND) return undefined;
    throw new DockerliteError('E_SYSTEM', `error ${DOING[action]} credentials - err: exit status ${status}, out: ${JSON.stringify(message.slice(0, 200))}`, {
      hint: `${this.program} is named in Docker's config.json.`,
    });
  }

  private spawn(action: string, input: string): Promise<{ status: number | string; output: string }> {
    return new Promise((resolve, reject) => {
      const child = spawn(this.program, [action], { stdio: ['pipe', 'pipe', 'inherit'] });
      const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
      const chunks: Buffer[] = [];
      let length = 0;
      child.on('error', (cause) => {
        clearTimeout(timer);
        reject(new DockerliteError('E_SYSTEM', `cannot run ${this.program}: ${cause.message}`, { cause }));
      });
      child.stdout.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > LONGEST_ANSWER) child.kill('SIGKILL');
        else chunks.push(chunk);
      });
      child.on('close', (status, signal) => {
        clearTimeout(timer);
        resolve({ status: status ?? signal ?? 'unknown', output: Buffer.concat(chunks).toString() });
      });
      // One that does not read has its reasons; its exit status tells.
      child.stdin.on('error', () => undefined);
      child.stdin.end(`${input}\n`);
    });
  }
}

const DOING: Readonly<Record<string, string>> = { get: 'getting', store: 'storing', erase: 'erasing', list: 'listing' };

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
