// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import { isDigest } from '../registry/digest';
import { isObject } from '../registry/manifest';
import type { Healthcheck, ImageConfig } from './config';
import type { OciImage } from './record';

type Json = Record<string, unknown>;

/**
 * An image's configuration as a stranger wrote it: what containers are made from, with every field of the type it should have.
 * @throws E_REGISTRY, E_UNSUPPORTED for another operating system
 */
export function parseImageConfig(raw: Buffer, layers: number): OciImage {
  const image = parseAnyConfig(raw);
  const { diff_ids: diffIds } = image.rootfs;
  if (!diffIds.every((id) => isDigest(id) && id.startsWith('sha256:'))) throw bad('its diff_ids are no digests');
  if (diffIds.length !== layers) throw bad(`it has ${diffIds.length} diff_ids, its manifest ${layers} layers`);
  return image;
}

/** The same of an image that may have layers that are no tars, see snapshotDiffId. */
export function parseAnyConfig(raw: Buffer): OciImage {
  const json = parse(raw);
  const { rootfs, os, architecture } = json;
  if (typeof os === 'string' && os !== '' && os !== 'linux') {
    throw new DockerliteError('E_UNSUPPORTED', `image operating system ${JSON.stringify(os.slice(0, 40))} cannot be used on this platform`);
  }
  const diffIds = isObject(rootfs) && Array.isArray(rootfs['diff_ids']) ? (rootfs['diff_ids'] as unknown[]) : [];
  if (!diffIds.every((id): id is string => typeof id === 'string' && /^[a-z0-9]+:[0-9a-f]{64,128}$/.test(id))) throw bad('its diff_ids are no digests');
  return {
    created: timeOf(json['created']),
    ...optional('author', text(json['author'])),
    architecture: text(architecture) ?? '',
    os: 'linux',
    config: parseConfig(isObject(json['config']) ? json['config'] : {}),
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: (Array.isArray(json['history']) ? json['history'] : []).filter(isObject).map(parseHistory),
  };
}

function parse(raw: Buffer): Json {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(raw));
    if (isObject(parsed)) return parsed;
  } catch {
    // as any other text
  }
  throw bad('not a JSON object');
}

function parseConfig(json: Json): ImageConfig {
  return {
    ...optional('User', text(json['User'])),
    ...optional('ExposedPorts', keys(json['ExposedPorts'])),
    ...optional('Env', strings(json['Env'])?.filter((entry) => entry.indexOf('=') > 0)),
    ...optional('Entrypoint', strings(json['Entrypoint'])),
    ...optional('Cmd', strings(json['Cmd'])),
    ...optional('Volumes', keys(json['Volumes'])),
    ...optional('WorkingDir', text(json['WorkingDir'])),
    ...optional('Labels', labels(json['Labels'])),
    ...optional('StopSignal', text(json['StopSignal'])),
    ...optional('Healthcheck', isObject(json['Healthcheck']) ? parseHealthcheck(json['Healthcheck']) : undefined),
  };
}

/** Docker's, in ns; what is out of range counts as not given. */
function parseHealthcheck(json: Json): Healthcheck {
  const number = (key: string, least: number) => (Number.isSafeInteger(json[key]) && (json[key] as number) >= least ? (json[key] as number) : undefined);
  return {
    ...optional('Test', strings(json['Test'])),
    ...optional('Interval', number('Interval', 1e6)),
    ...optional('Timeout', number('Timeout', 1e6)),
    ...optional('StartPeriod', number('StartPeriod', 1e6)),
    ...optional('StartInterval', number('StartInterval', 1e6)),
    ...optional('Retries', number('Retries', 1)),
  };
}

function parseHistory(json: Json): OciImage['history'][number] {
  return {
    created: timeOf(json['created']),
    ...optional('created_by', text(json['created_by'])),
    ...optional('comment', text(json['comment'])),
    ...optional('author', text(json['author'])),
    ...(json['empty_layer'] === true && { empty_layer: true }),
  };
}

function optional<Key extends string, T>(key: Key, value: T | undefined): Partial<Record<Key, T>> {
  return value === undefined ? {} : ({ [key]: value } as Record<Key, T>);
}

/** No text of a program or the kernel has NULs in it. */
function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && !value.includes('\0') ? value : undefined;
}

function strings(value: unknown): string[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  if (!value.every((entry): entry is string => typeof entry === 'string' && !entry.includes('\0'))) throw bad('a list in it is no list of text');
  return value;
}

function keys(value: unknown): Record<string, Record<string, never>> | undefined {
  return isObject(value) ? Object.fromEntries(Object.keys(value).map((key) => [key, {}])) : undefined;
}

function labels(value: unknown): Record<string, string> | undefined {
  return isObject(value) ? Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string')) : undefined;
}

/** An image that says no time is older than all others, as with Docker. */
function timeOf(value: unknown): string {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? value : '0001-01-01T00:00:00Z';
}

function bad(why: string): DockerliteError {
  return new DockerliteError('E_REGISTRY', `invalid image configuration: ${why}`);
}
