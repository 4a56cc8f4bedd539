// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, rmSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StringDecoder } from 'node:string_decoder';
import { decompress } from '../binding/archive';
import { DockerliteError } from '../errors';
import { checkAborted } from '../util/aborted';
import { readBody } from '../registry/answers';
import { readBlob } from '../registry/blob-reader';
import { DEFAULT_CERTIFICATES, PATIENCE, type Patience } from '../registry/settings';
import { drain, type HttpResponse, Transport } from '../registry/transport';
import { accountFor, type AptAccount } from './apt-auth';
import { type AptConfig, aptProxy, isFalse } from './apt-config';
import type { AptSource } from './apt-sources';
import { aptTls } from './apt-tls';
import type { DebianPackage, PackageIndex } from './package-index';
import { parseRelease, type Release } from './release';
import { isClearSigned, parseClearSigned } from '../openpgp/armor';
import { verifyClearSigned } from '../openpgp/verify';
import type { SigningKey } from '../openpgp/keyring';

/** Bytes of a Release file, of a compressed index, and of one that is not. */
const LARGEST_RELEASE = 8 * 1024 ** 2;
const LARGEST_INDEX = 256 * 1024 ** 2;
const LARGEST_TEXT = 2 * 1024 ** 3;

/** Debian archives over HTTP: nothing that a key has not vouched for is given to anybody. */
export class Archives implements AsyncDisposable {
  private readonly transport: Transport;

  constructor(
    private readonly config: AptConfig,
    private readonly accounts: readonly AptAccount[] = [],
    patience: Partial<Patience> = {},
  ) {
    this.transport = new Transport({
      mirrors: () => [],
      isInsecure: () => false,
      certificates: DEFAULT_CERTIFICATES,
      patience: { ...PATIENCE, ...patience },
      proxy: (url) => aptProxy(config, url),
      tls: (url) => aptTls(config, url),
    });
  }

  /**
   * The Release file of a suite, verified unless its source is trusted anyhow; undefined when the archive has no such suite.
   * @throws E_SIGNATURE, E_REGISTRY, E_REGISTRY_UNREACHABLE
   */
  async release(source: AptSource, keys: readonly SigningKey[], signal?: AbortSignal): Promise<Release | undefined> {
    const url = new URL(`dists/${source.suite}/InRelease`, source.url);
    const what = shown(url);
    const message = (await this.text(url, signal)) ?? (source.trusted ? await this.text(new URL('Release', url), signal) : undefined);
    if (message === undefined) return undefined;
    let release: Release;
    try {
      release = parseRelease(source.trusted ? textIn(message) : verifyClearSigned(message, keys), what);
    } catch (error) {
      if (!(error instanceof DockerliteError) || error.code !== 'E_SIGNATURE') throw error;
      throw new DockerliteError('E_SIGNATURE', `${what}: ${error.message}`, { ...(error.hint && { hint: error.hint }), cause: error });
    }
    this.check(release, source, what);
    return release;
  }

  private async text(url: URL, signal?: AbortSignal): Promise<string | undefined> {
    const response = await this.get(url, {}, signal);
    if (response.status === 200) return (await readBody(response, LARGEST_RELEASE, shown(url))).toString('utf8');
    await drain(response);
    if (response.status === 404) return undefined;
    throw new DockerliteError('E_REGISTRY', `${shown(url)}: status ${response.status}`);
  }

  private check(release: Release, { suite, checkValidUntil }: AptSource, what: string): void {
    const base = (name: string) => name.replace(/\/.*$/, '');
    if (![release.suite, release.codename].map(base).includes(base(suite))) {
      throw new DockerliteError('E_SIGNATURE', `${what}: it is the Release file of ${release.codename || release.suite}, not of ${suite}`);
    }
    const isLooked = checkValidUntil && !isFalse(this.config.get('acquire::check-valid-until'));
    if (isLooked && release.validUntil !== undefined && release.validUntil < Date.now()) {
      throw new DockerliteError('E_SIGNATURE', `${what}: it was valid until ${new Date(release.validUntil).toUTCString()}`, {
        hint: 'The mirror is out of date, or the clock of this machine is wrong.',
      });
    }
  }

  /** Adds the packages of one component to an index; `scratch` is a directory for it alone. @throws E_DIGEST, E_NOT_FOUND, E_ARCHIVE */
  async packages(source: AptSource, release: Release, wanted: { component: string; architecture: string }, index: PackageIndex, scratch: string, signal?: AbortSignal): Promise<void> {
    const name = `${wanted.component}/binary-${wanted.architecture}/Packages`;
    const path = [`${name}.xz`, `${name}.gz`, name].find((one) => release.files.has(one));
    const file = path === undefined ? undefined : release.files.get(path);
    const at = new URL(`dists/${source.suite}/${path ?? name}`, source.url);
    if (path === undefined || file === undefined) {
      throw new DockerliteError('E_NOT_FOUND', `${shown(at)}: the Release file has no such index`, { hint: `The suite has ${release.architectures.join(', ')}.` });
    }
    if (file.size > LARGEST_INDEX) throw new DockerliteError('E_REGISTRY', `${shown(at)}: larger than ${LARGEST_INDEX} bytes`);
    // The one of this name may be newer by now; the other may be missing, as in mirrors that copy names only.
    const urls = [...(release.byHash ? [new URL(`by-hash/SHA256/${file.sha256}`, at)] : []), at];
    const [compressed, plain] = [`${scratch}/Packages.compressed`, `${scratch}/Packages`];
    await this.save(urls, file, compressed, () => undefined, signal);
    await decompress({ path: compressed }, { path: plain }, { maxBytes: release.files.get(name)?.size ?? LARGEST_TEXT, ...(signal && { signal }) });
    await addParagraphs(createReadStream(plain, { highWaterMark: 1024 ** 2 }), release.files.get(name)?.sha256, index, source.url, shown(at));
    for (const one of [compressed, plain]) rmSync(one);
  }

  /** Downloads a package to `path`, its digest verified. @throws E_DIGEST, E_NOT_FOUND, E_NO_SPACE */
  async download(one: DebianPackage, path: string, onBytes: (bytes: number) => void, signal?: AbortSignal): Promise<void> {
    await this.save([new URL(one.filename.replaceAll('%', '%25'), one.archive)], one, path, onBytes, signal);
  }

  private async save(urls: URL[], file: { size: number; sha256: string }, path: string, onBytes: (bytes: number) => void, signal?: AbortSignal): Promise<void> {
    const stream = this.read(urls, file, signal);
    stream.on('data', (chunk: Buffer) => onBytes(chunk.length));
    try {
      await pipeline(stream, createWriteStream(path, { mode: 0o600, flags: 'wx' }), { ...(signal && { signal }) });
    } catch (error) {
      checkAborted(signal);
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.transport.close();
  }

  /** From the first of these places that has it. */
  private read(urls: URL[], { size, sha256 }: { size: number; sha256: string }, signal?: AbortSignal): Readable {
    return readBlob({
      blob: { mediaType: '', digest: `sha256:${sha256}`, size },
      what: shown(urls.at(-1) as URL),
      ask: async (headers) => {
        for (const [index, url] of urls.entries()) {
          const response = await this.get(url, headers, signal);
          if (response.status !== 404 || index === urls.length - 1) return response;
          await drain(response);
        }
        throw new Error('there is a place at least');
      },
      patience: this.transport.settings.patience,
      signal,
    });
  }

  private get(url: URL, headers: Record<string, string>, signal?: AbortSignal): Promise<HttpResponse> {
    const plain = new URL(url);
    plain.username = plain.password = '';
    const account = url.username === '' ? accountFor(this.accounts, url) : { login: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
    const authorization: Record<string, string> = account === undefined ? {} : { authorization: `Basic ${Buffer.from(`${account.login}:${account.password}`).toString('base64')}` };
    return this.transport.send({ method: 'GET', url: plain, headers: { ...headers, ...authorization }, signal });
  }
}

/** Of a Release file that need not be signed. */
function textIn(message: string): string {
  return isClearSigned(message) ? parseClearSigned(message).text : message;
}

/** Without a password. */
export function shown(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

async function addParagraphs(text: Readable, sha256: string | undefined, index: PackageIndex, archive: string, what: string): Promise<void> {
  const hash = createHash('sha256');
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of text as AsyncIterable<Buffer>) {
    hash.update(chunk);
    const paragraphs = (rest + decoder.write(chunk)).split('\n\n');
    rest = paragraphs.pop() ?? '';
    for (const paragraph of paragraphs) index.add(paragraph, archive);
  }
  index.add(rest + decoder.end(), archive);
  if (sha256 !== undefined && hash.digest('hex') !== sha256) throw new DockerliteError('E_DIGEST', `${what}: what is in it is not what the Release file says`);
}
