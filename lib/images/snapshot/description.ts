// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { DockerliteError } from '../../errors';
import { isObject } from '../../registry/manifest';
import { imageId } from '../publish';
import type { ImageRow, OciImage } from '../record';
import { parseReference } from '../reference';
import { parseAnyConfig } from '../remote-config';

/** The tree that another one is sent as the difference to: an image's, or that of layers by their chain id. */
export type SnapshotParent = { image: string } | { layers: string };

/** What goes ahead of an image's tree on its way to another store, as JSON. Ids are 64 hex digits. */
export interface SnapshotDescription {
  /** sha256 of `config`. */
  id: string;
  /** Byte for byte. */
  config: string;
  /** repository:tag */
  tags: string[];
  /** Absent where all of the tree is sent. */
  parent?: SnapshotParent;
  /** The image it was committed from, '' for none. */
  ancestor: string;
  /** Bytes of file content. */
  size: number;
}

export interface ReadDescription extends SnapshotDescription {
  oci: OciImage;
}

/**
 * Reads what a stranger wrote. The id is the configuration's digest, so it cannot name one image and describe another.
 * @throws E_ARCHIVE, E_UNSUPPORTED for another operating system
 */
export function parseDescription(raw: Buffer): ReadDescription {
  const json = parseJson(raw);
  const { id, config, tags, parent, ancestor, size } = json;
  if (typeof config !== 'string' || createHash('sha256').update(config).digest('hex') !== id) throw bad('its id is not that of its configuration');
  if (!Array.isArray(tags) || tags.length > 10_000 || !tags.every(isReference)) throw bad('its names are none');
  if (parent !== undefined && !isParent(parent)) throw bad('its parent is none');
  if (ancestor !== '' && !isId(ancestor)) throw bad('what it was made from is no image');
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) throw bad('its size is none');
  return { id, config, tags, ancestor, size, ...(parent !== undefined && { parent }), oci: parseOci(config) };
}

/** A text whose digest is the image's id: what it is known by wherever it goes. */
export function configText(row: ImageRow): { id: string; config: string } {
  const digest = (text: string) => createHash('sha256').update(text).digest('hex');
  const own = [row.received, row.config, row.raw_config].find((text) => text !== '' && digest(text) === row.id);
  // Of an image whose row was made anew after the database was lost nobody knows it any more.
  return own === undefined ? { id: imageId(JSON.parse(row.config) as OciImage), config: row.config } : { id: row.id, config: own };
}

function parseJson(raw: Buffer): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(raw));
    if (isObject(parsed)) return parsed;
  } catch {
    // as any other text
  }
  throw bad('it is not a JSON object');
}

function parseOci(config: string): OciImage {
  try {
    return parseAnyConfig(Buffer.from(config));
  } catch (error) {
    if (error instanceof DockerliteError && error.code === 'E_REGISTRY') throw bad(error.message);
    throw error;
  }
}

function isParent(value: unknown): value is SnapshotParent {
  if (!isObject(value)) return false;
  const keys = Object.keys(value);
  return keys.length === 1 && (keys[0] === 'image' || keys[0] === 'layers') && isId(value[keys[0]]);
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}

function isReference(value: unknown): value is string {
  if (typeof value !== 'string') return false;
  try {
    const { repository, tag } = parseReference(value);
    return value === `${repository}:${tag}`;
  } catch {
    return false;
  }
}

function bad(why: string): DockerliteError {
  return new DockerliteError('E_ARCHIVE', `invalid description of an image: ${why}`);
}
