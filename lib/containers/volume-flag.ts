// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import type { MountOptions, Propagation } from './mount-spec';

/** Words after the last colon of -v, by what they are about: one of each kind at most. */
const MODES: Record<string, string[]> = {
  access: ['ro', 'rw'],
  label: ['z', 'Z'],
  propagation: ['private', 'rprivate', 'slave', 'rslave', 'shared', 'rshared'],
  copying: ['nocopy'],
  consistency: ['consistent', 'cached', 'delegated'],
  // As Podman has it; every mount's ids are mapped.
  ids: ['idmap'],
};

interface Mode {
  readonly: boolean;
  propagation?: Propagation;
  noCopy?: boolean;
}

/** `/path`, `name:/path[:mode]` or `/host:/path[:mode]` as -v takes them. @throws E_INVALID in Docker's words */
export function parseVolumeFlag(text: string): MountOptions {
  const parts = text.split(':');
  const [first = '', target, mode = ''] = parts;
  if (parts.some((part) => part === '') || parts.length > 3) throw malformed(text);
  if (target === undefined) return { type: 'volume', target: first };
  // A target is a path, so this one is a mode: Docker has none for volumes without a name.
  if (isMode(target)) throw malformed(text);
  const { readonly, propagation, noCopy } = parseMode(mode);
  if (first.startsWith('/')) {
    if (noCopy) throw badMode(mode);
    return { type: 'bind', source: first, target, readonly, createSource: true, ...(propagation && { propagation }) };
  }
  if (first.startsWith('.') || first.startsWith('~')) {
    throw new DockerliteError('E_INVALID', `invalid mount source '${first}': it must be an absolute path on the host`);
  }
  if (propagation) throw badMode(mode);
  return { type: 'volume', name: first, target, readonly, ...(noCopy && { noCopy }) };
}

function kindOf(word: string): string | undefined {
  return Object.keys(MODES).find((kind) => MODES[kind]?.includes(word));
}

function isMode(text: string): boolean {
  return text.split(',').every((word) => kindOf(word) !== undefined);
}

export function parseMode(text: string): Mode {
  const words = text === '' ? [] : text.split(',');
  const kinds = words.map(kindOf);
  if (kinds.includes(undefined) || new Set(kinds).size < kinds.length) throw badMode(text);
  const propagation = words.find((word) => kindOf(word) === 'propagation') as Propagation | undefined;
  return { readonly: words.includes('ro'), ...(propagation && { propagation }), ...(words.includes('nocopy') && { noCopy: true }) };
}

function badMode(mode: string): DockerliteError {
  return new DockerliteError('E_INVALID', `invalid mode: ${mode}`);
}

function malformed(text: string): DockerliteError {
  return new DockerliteError('E_INVALID', `invalid volume specification: '${text}'`, { hint: 'the forms are /path, name:/path[:ro] and /host/path:/path[:ro]' });
}
