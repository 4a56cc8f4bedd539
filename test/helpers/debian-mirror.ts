// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { makeCertificates } from './certificates';
import type { TestKey } from './gpg';
import { buildTar, type TarEntry } from './hostile-archive';

export const ARCHITECTURE = execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim();

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface TestPackage {
  name: string;
  version?: string;
  /** Of the control file, e.g. Essential, Priority, Depends. */
  fields?: Record<string, string>;
  /** Made by dpkg-deb of these, in tar's order. */
  files?: TarEntry[];
  /** Instead: this is the whole file. */
  bytes?: Buffer;
  /** What the index says of it where that is not true. */
  lie?: { size?: number; sha256?: string };
}

export interface PublishOptions {
  suite?: string;
  validUntil?: Date;
  key?: TestKey;
  /** Changes the Release file before it is signed, and what is served after that. */
  release?: (text: string) => string;
  signed?: (text: string) => string;
  compression?: 'xz' | 'gz' | 'none';
}

/** By what they were made of: dpkg-deb takes its time. */
const built = new WeakMap<TestPackage, Buffer>();

/** An archive of Debian packages on this machine, which may lie and hang. */
export class DebianMirror {
  readonly files = new Map<string, Buffer>();
  /** Paths below the root that are answered otherwise. */
  readonly answers = new Map<string, Answer>();
  readonly requested: string[] = [];
  /** What has to be said to get anything: `name:password`. */
  account: string | undefined;
  private readonly packages: string[] = [];

  private constructor(
    private readonly server: Server,
    private readonly directory: string,
    private readonly protocol: string,
  ) {}

  /** With `tls` its certificate is signed by ca.crt in the directory. */
  static async start(directory: string, { tls = false } = {}): Promise<DebianMirror> {
    if (tls) makeCertificates(directory);
    const file = (name: string) => readFileSync(join(directory, name));
    const server = tls ? createTlsServer({ cert: file('server.crt'), key: file('server.key') }) : createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const mirror = new DebianMirror(server, directory, tls ? 'https' : 'http');
    server.on('request', (request: IncomingMessage, response: ServerResponse) => mirror.answer(request, response));
    return mirror;
  }

  get url(): string {
    return `${this.protocol}://127.0.0.1:${(this.server.address() as AddressInfo).port}/debian`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  add(wanted: TestPackage): string {
    const bytes = wanted.bytes ?? built.get(wanted) ?? this.build(wanted);
    built.set(wanted, bytes);
    const path = `pool/main/${wanted.name}_${wanted.version ?? '1.0'}_${ARCHITECTURE}.deb`;
    this.files.set(path, bytes);
    const { size = bytes.length, sha256: digest = sha256(bytes) } = wanted.lie ?? {};
    this.packages.push(`${control(wanted)}Filename: ${path}\nSize: ${size}\nSHA256: ${digest}\n`);
    return path;
  }

  publish(key: TestKey, options: PublishOptions = {}): void {
    const { suite = 'tiny', compression = 'xz', release = (text) => text, signed = (text) => text } = options;
    const plain = Buffer.from(this.packages.join('\n'));
    const name = `main/binary-${ARCHITECTURE}/Packages`;
    const index = compression === 'none' ? plain : compression === 'gz' ? gzipSync(plain) : execFileSync('xz', ['-c'], { input: plain });
    const path = compression === 'none' ? name : `${name}.${compression}`;
    this.files.set(`dists/${suite}/${path}`, index);
    const entries = [...new Map([[name, plain], [path, index]])].map(([file, bytes]) => ` ${sha256(bytes)} ${bytes.length} ${file}`);
    const until = options.validUntil === undefined ? '' : `Valid-Until: ${options.validUntil.toUTCString()}\n`;
    const text = release(`Origin: Test\nSuite: ${suite}\nCodename: ${suite}\nVersion: 1.5\n${until}Architectures: ${ARCHITECTURE}\nComponents: main\nSHA256:\n${entries.join('\n')}\n`);
    this.files.set(`dists/${suite}/InRelease`, Buffer.from(signed(key.clearSign(text))));
  }

  private build(wanted: TestPackage): Buffer {
    const root = join(this.directory, wanted.name);
    mkdirSync(join(root, 'DEBIAN'), { recursive: true });
    writeFileSync(join(root, 'DEBIAN/control'), control(wanted));
    if (wanted.files !== undefined) execFileSync('tar', ['-x', '-C', root], { input: buildTar(wanted.files) });
    const deb = `${root}.deb`;
    execFileSync('dpkg-deb', ['--root-owner-group', '-b', root, deb], { stdio: 'pipe' });
    return readFileSync(deb);
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? '').replace(/^\/debian\//, '');
    this.requested.push(path);
    const special = this.answers.get(path);
    const bytes = this.files.get(path);
    const isWelcome = this.account === undefined || request.headers.authorization === `Basic ${Buffer.from(this.account).toString('base64')}`;
    if (!isWelcome) response.writeHead(401).end();
    else if (special !== undefined) special(request, response);
    else if (bytes === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
  }
}

/** A .deb by hand: what dpkg-deb would not make. */
export function buildDeb(entries: TarEntry[], member = 'data.tar'): Buffer {
  const members: [string, Buffer][] = [['debian-binary', Buffer.from('2.0\n')], ['control.tar', buildTar([])], [member, buildTar(entries)]];
  return Buffer.concat([Buffer.from('!<arch>\n'), ...members.map(([name, bytes]) => Buffer.concat([arHeader(name, bytes.length), bytes, Buffer.alloc(bytes.length % 2, '\n')]))]);
}

function arHeader(name: string, size: number): Buffer {
  return Buffer.from(`${name.padEnd(16)}${'0'.padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'100644'.padEnd(8)}${String(size).padEnd(10)}\`\n`);
}

function control({ name, version = '1.0', fields = {} }: TestPackage): string {
  const own = { Package: name, Version: version, Architecture: ARCHITECTURE, Maintainer: 'Nobody <nobody@example.org>', Description: 'a package of a test', ...fields };
  return Object.entries(own).map(([field, value]) => `${field}: ${value}\n`).join('');
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
