// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import type { MountSpec } from '../../lib/containers/spec';
import { UsageError } from '../command';

const ALIASES: Record<string, string> = { src: 'source', dst: 'target', destination: 'target', ro: 'readonly' };
const KEYS = ['type', 'source', 'target', 'readonly', 'tmpfs-size', 'tmpfs-mode'];

/** `type=bind,source=/host,target=/path,readonly` as --mount takes it. @throws UsageError */
export function parseMountOption(text: string): MountSpec {
  const fail = (why: string) => new UsageError(`invalid argument ${JSON.stringify(text)} for "--mount" flag: ${why}`);
  const fields = new Map<string, string>();
  for (const part of text.split(',')) {
    const equals = part.indexOf('=');
    const written = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase();
    const key = Object.hasOwn(ALIASES, written) ? (ALIASES[written] as string) : written;
    if (!KEYS.includes(key)) throw fail(`unexpected key '${written}' in '${part}'`);
    if (equals < 0 && key !== 'readonly') throw fail(`invalid field '${part}' must be a key=value pair`);
    fields.set(key, equals < 0 ? 'true' : part.slice(equals + 1));
  }
  const target = fields.get('target');
  if (!target) throw fail('target is required');
  const type = fields.get('type') ?? 'volume';
  if (type === 'tmpfs') return { type, target, options: tmpfsOptions(fields) };
  if (type !== 'bind') throw fail(`mount type ${type} is not supported: use bind or tmpfs`);
  const source = fields.get('source');
  if (!source) throw fail('source is required');
  // Unlike -v, which makes the directory.
  if (!existsSync(source)) throw fail(`bind source path does not exist: ${source}`);
  return { type, source, target, readonly: ['true', '1'].includes(fields.get('readonly') ?? '') };
}

function tmpfsOptions(fields: Map<string, string>): string {
  const size = fields.get('tmpfs-size');
  const mode = fields.get('tmpfs-mode');
  return [size && `size=${size}`, mode && `mode=${mode}`, fields.get('readonly') === 'true' && 'ro'].filter(Boolean).join(',');
}
