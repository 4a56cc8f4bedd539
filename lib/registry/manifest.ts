// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import { checkDigest, type Digest, digestOf } from './digest';
import { isIndexType, isManifestType, isSchema1Type, MEDIA } from './media-types';
import type { Platform } from './platform';

/** Bytes; the distribution specification asks registries to take 4 MiB, and others read no more. */
export const LARGEST_MANIFEST = 4 * 1024 ** 2;
/** An image of more was made to hurt: Docker stops at 127. */
export const MOST_LAYERS = 512;
/** Bytes of one blob, 1 TiB: sizes beyond it are lies. */
const LARGEST_BLOB = 2 ** 40;

/** Points to content: OCI image specification, descriptor.md. */
export interface Descriptor {
  mediaType: string;
  digest: Digest;
  /** Bytes. */
  size: number;
  urls?: string[];
  annotations?: Record<string, string>;
  artifactType?: string;
  platform?: Platform;
}

export interface ImageManifest {
  kind: 'manifest';
  mediaType: string;
  config: Descriptor;
  layers: Descriptor[];
  annotations: Record<string, string>;
  artifactType?: string;
  subject?: Descriptor;
}

export interface ImageIndex {
  kind: 'index';
  mediaType: string;
  manifests: Descriptor[];
  annotations: Record<string, string>;
}

/** A manifest as it came, and what is in it. */
export interface ParsedManifest {
  /** Byte for byte: its digest is the manifest's name. */
  raw: Buffer;
  digest: Digest;
  mediaType: string;
  content: ImageManifest | ImageIndex;
}

/**
 * Reads a manifest or an index. What it says of itself and what the registry said of it must be one thing: a document that is
 * taken for one kind here and for another elsewhere has one digest and two meanings (CVE-2021-41190).
 * @throws E_REGISTRY, E_UNSUPPORTED (schema 1)
 */
export function parseManifest(raw: Buffer, contentType: string | undefined, digest: Digest = digestOf(raw)): ParsedManifest {
  const what = `manifest ${digest}`;
  if (raw.length > LARGEST_MANIFEST) throw bad(what, `larger than ${LARGEST_MANIFEST} bytes`);
  const served = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  if (served !== undefined && isSchema1Type(served)) throw schema1();
  const json = parseObject(raw, what);
  if (json['schemaVersion'] === 1) throw schema1();
  if (json['schemaVersion'] !== 2) throw bad(what, 'schemaVersion is not 2');
  const mediaType = ownMediaType(json, served, what);
  const content = isIndexType(mediaType) ? parseIndex(json, mediaType, what) : parseImage(json, mediaType, what);
  return { raw, digest, mediaType, content };
}

/** @throws E_REGISTRY */
export function parseObject(raw: Buffer, what: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(raw));
    if (isObject(parsed)) return parsed;
  } catch {
    // as any other text
  }
  throw bad(what, 'not a JSON object');
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function ownMediaType(json: Record<string, unknown>, served: string | undefined, what: string): string {
  const { mediaType: written } = json;
  if (written !== undefined && typeof written !== 'string') throw bad(what, 'mediaType is not a string');
  const known = (type: string | undefined): type is string => type !== undefined && (isIndexType(type) || isManifestType(type));
  if (written !== undefined && written !== '') {
    if (!known(written)) throw bad(what, `unsupported media type ${shown(written)}`);
    if (known(served) && served !== written) throw bad(what, `it is served as ${served} and says to be ${written}`);
  }
  const isList = Array.isArray(json['manifests']);
  const isImage = Array.isArray(json['layers']) || json['config'] !== undefined;
  if (isList === isImage) throw bad(what, isList ? 'both an index and an image' : 'neither an index nor an image');
  const type = written || (known(served) ? served : isList ? MEDIA.ociIndex : MEDIA.ociManifest);
  if (isIndexType(type) !== isList) throw bad(what, `its content is not that of ${type}`);
  return type;
}

function parseIndex(json: Record<string, unknown>, mediaType: string, what: string): ImageIndex {
  const manifests = (json['manifests'] as unknown[]).map((entry, index) => parseDescriptor(entry, `${what}: manifests[${index}]`));
  return { kind: 'index', mediaType, manifests, annotations: stringMap(json['annotations']) };
}

function parseImage(json: Record<string, unknown>, mediaType: string, what: string): ImageManifest {
  if (!Array.isArray(json['layers'])) throw bad(what, 'no layers');
  if (json['layers'].length > MOST_LAYERS) throw bad(what, `${json['layers'].length} layers, ${MOST_LAYERS} is the most`);
  return {
    kind: 'manifest',
    mediaType,
    config: parseDescriptor(json['config'], `${what}: config`),
    layers: json['layers'].map((entry, index) => parseDescriptor(entry, `${what}: layers[${index}]`)),
    annotations: stringMap(json['annotations']),
    ...(typeof json['artifactType'] === 'string' && { artifactType: json['artifactType'] }),
    ...(json['subject'] !== undefined && { subject: parseDescriptor(json['subject'], `${what}: subject`) }),
  };
}

/** @throws E_REGISTRY */
export function parseDescriptor(value: unknown, what: string): Descriptor {
  if (!isObject(value)) throw bad(what, 'not an object');
  const { mediaType, size, urls, platform } = value;
  if (typeof mediaType !== 'string' || mediaType.length > 255) throw bad(what, 'no mediaType');
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0 || size > LARGEST_BLOB) throw bad(what, `size ${shown(size)} is none`);
  return {
    mediaType,
    digest: checkDigest(value['digest'], what),
    size,
    annotations: stringMap(value['annotations']),
    ...(Array.isArray(urls) && { urls: urls.filter((url): url is string => typeof url === 'string') }),
    ...(typeof value['artifactType'] === 'string' && { artifactType: value['artifactType'] }),
    ...(isObject(platform) && { platform: parseOwnPlatform(platform) }),
  };
}

function parseOwnPlatform({ os, architecture, variant }: Record<string, unknown>): Platform {
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  return { os: text(os), architecture: text(architecture), ...(typeof variant === 'string' && variant !== '' && { variant }) };
}

function stringMap(value: unknown): Record<string, string> {
  if (!isObject(value)) return {};
  return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

function bad(what: string, why: string): DockerliteError {
  return new DockerliteError('E_REGISTRY', `invalid ${what}: ${why}`);
}

function shown(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 100) ?? String(value);
}

function schema1(): DockerliteError {
  return new DockerliteError('E_UNSUPPORTED', 'Docker image manifest version 2, schema 1 is not supported', {
    hint: 'Ask the author to push the image again: every tool since 2016 writes schema 2 or OCI manifests.',
  });
}
