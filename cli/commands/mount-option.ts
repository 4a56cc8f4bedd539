// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import type { MountOptions, Propagation } from '../../lib/containers/mount-spec';
import { UsageError } from '../command';
import { parseSize } from '../parse-size';

const ALIASES: Record<string, string> = { src: 'source', dst: 'target', destination: 'target', ro: 'readonly' };
/** Keys and, when they may stand alone, what they then mean. */
const KEYS: Record<string, string | undefined> = {
  type: undefined, source: undefined, target: undefined, readonly: 'true', consistency: undefined, idmap: 'true',
  'bind-propagation': undefined, 'bind-nonrecursive': 'true', 'bind-recursive': undefined,
  'volume-nocopy': 'true', 'volume-subpath': undefined, 'volume-label': '', 'volume-driver': undefined, 'volume-opt': '',
  'tmpfs-size': undefined, 'tmpfs-mode': undefined,
};
const PROPAGATIONS = ['private', 'rprivate', 'slave', 'rslave', 'shared', 'rshared'];

type Fail = (why: string) => UsageError;

/** `type=bind,source=/host,target=/path,readonly` as --mount takes it: a line of CSV. @throws UsageError in Docker's words */
export function parseMountOption(text: string): MountOptions {
  const fail: Fail = (why) => new UsageError(`invalid argument ${JSON.stringify(text)} for "--mount" flag: ${why}`);
  const fields = new Map<string, string[]>();
  for (const part of splitCsv(text, fail)) {
    const equals = part.indexOf('=');
    const written = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase();
    const key = Object.hasOwn(ALIASES, written) ? (ALIASES[written] as string) : written;
    const known = Object.hasOwn(KEYS, key);
    const value = equals < 0 ? known && KEYS[key] : part.slice(equals + 1);
    if (typeof value !== 'string') throw fail(`invalid field '${part}' must be a key=value pair`);
    if (!known) throw fail(`unexpected key '${written}' in '${part}'`);
    fields.set(key, [...(fields.get(key) ?? []), value]);
  }
  return assemble(fields, fail);
}

function assemble(fields: Map<string, string[]>, fail: Fail): MountOptions {
  const last = (key: string) => fields.get(key)?.at(-1);
  const type = last('type')?.toLowerCase() ?? 'volume';
  const target = last('target');
  const source = last('source');
  if (type === '') throw fail('type is required');
  if (!target) throw fail('target is required');
  for (const kind of ['bind', 'volume', 'tmpfs']) {
    const stranger = [...fields.keys()].some((key) => key.startsWith(`${kind}-`));
    if (stranger && kind !== type) throw fail(`cannot mix '${kind}-*' options with mount type '${type}'`);
  }
  const readonly = flag('readonly', last('readonly'), fail);
  if (last('idmap') !== undefined && !flag('idmap', last('idmap'), fail)) throw fail('idmap=false is not supported: the ids of every mount are mapped, or with --userns=host of none');
  if (type === 'tmpfs') {
    if (source !== undefined) throw fail('invalid mount config for type "tmpfs": field Source must not be specified');
    return { type, target, options: tmpfsOptions(last('tmpfs-size'), last('tmpfs-mode'), readonly, fail) };
  }
  if (type === 'bind') {
    if (!source) throw fail('invalid mount config for type "bind": field Source must not be empty');
    return { type, source: /^\.{1,2}(\/|$)/.test(source) ? resolve(source) : source, target, readonly, createSource: false, ...bindOptions(last, fail) };
  }
  if (type !== 'volume') throw fail(`invalid mount config for type "${type}": mount type unknown`);
  const noCopy = flag('volume-nocopy', last('volume-nocopy'), fail);
  const subpath = last('volume-subpath');
  const driver = last('volume-driver');
  return {
    type,
    target,
    readonly,
    ...(source && { name: source }),
    ...(noCopy && { noCopy }),
    ...(subpath && { subpath }),
    ...(driver && { driver }),
    ...(fields.has('volume-label') && { labels: pairs(fields.get('volume-label')) }),
    ...(fields.has('volume-opt') && { driverOptions: pairs(fields.get('volume-opt')) }),
  };
}

function bindOptions(last: (key: string) => string | undefined, fail: Fail): { propagation?: Propagation; nonRecursive?: true } {
  const propagation = last('bind-propagation')?.toLowerCase();
  if (propagation !== undefined && !PROPAGATIONS.includes(propagation)) throw fail(`invalid propagation mode: ${propagation}`);
  const recursive = last('bind-recursive')?.toLowerCase() ?? 'enabled';
  if (!['enabled', 'disabled', 'writable', 'readonly'].includes(recursive)) throw fail(`invalid value for bind-recursive: ${recursive} (must be "enabled", "disabled", "writable", or "readonly")`);
  if (recursive === 'readonly') throw fail('bind-recursive=readonly is not supported: what is mounted below the source keeps its own access');
  const nonRecursive = flag('bind-nonrecursive', last('bind-nonrecursive'), fail) || recursive === 'disabled';
  return { ...(propagation !== undefined && { propagation: propagation as Propagation }), ...(nonRecursive && { nonRecursive }) };
}

function tmpfsOptions(size: string | undefined, mode: string | undefined, readonly: boolean, fail: Fail): string {
  if (mode !== undefined && !/^[0-7]{1,4}$/.test(mode)) throw fail(`invalid value for tmpfs-mode: ${mode}`);
  return [size !== undefined && `size=${bytes(size, fail)}`, mode !== undefined && `mode=${mode}`, readonly && 'ro'].filter(Boolean).join(',');
}

function bytes(size: string, fail: Fail): number {
  try {
    return parseSize('mount', size);
  } catch {
    throw fail(`invalid value for tmpfs-size: ${size}`);
  }
}

function flag(key: string, value: string | undefined, fail: Fail): boolean {
  if (value === undefined || ['0', 'false'].includes(value)) return false;
  if (['1', 'true'].includes(value)) return true;
  throw fail(`invalid value for ${key}: ${value}`);
}

function pairs(list: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    list.map((text) => {
      const equals = text.indexOf('=');
      return equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)];
    }),
  );
}

/** One line of RFC 4180: a field in double quotes may hold commas. */
function splitCsv(text: string, fail: Fail): string[] {
  const fields: string[] = [];
  const field = /("(?:[^"]|"")*"|[^",]*)(,|$)/y;
  for (;;) {
    const match = field.exec(text);
    if (match === null) throw fail('parse error: bare " in non-quoted field');
    const [, written = '', comma] = match;
    fields.push(written.startsWith('"') ? written.slice(1, -1).replaceAll('""', '"') : written);
    if (comma === '') return fields;
  }
}
