// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import { type Paragraph, parseParagraph } from './paragraph';
import { type Dependency, parseDepends } from './relations';
import { compareVersions, satisfies } from './version';

/** A binary package as an archive's index describes it. */
export interface DebianPackage {
  name: string;
  version: string;
  essential: boolean;
  priority: string;
  depends: Dependency[][];
  preDepends: Dependency[][];
  provides: Dependency[];
  /** Below the archive's root. */
  filename: string;
  size: number;
  /** Hex. */
  sha256: string;
  /** The archive it comes from. */
  archive: string;
}

/** What archives have, the latest version of each package. Paragraphs are understood when they are asked for: an index has tens of thousands. */
export class PackageIndex {
  private readonly raw = new Map<string, { version: string; archive: string; fields: Paragraph }>();
  private readonly parsed = new Map<string, DebianPackage>();
  private readonly providers = new Map<string, Set<string>>();

  /** @throws E_INVALID for what no index may say */
  add(text: string, archive: string): void {
    const fields = parseParagraph(text);
    const [name, version] = [fields.get('package') ?? '', fields.get('version') ?? ''];
    if (!isPackageName(name)) return;
    const known = this.raw.get(name);
    if (known !== undefined && compareVersions(known.version, version) >= 0) return;
    this.raw.set(name, { version, archive, fields });
    this.parsed.delete(name);
    for (const { name: provided } of parseDepends(fields.get('provides')).flat()) {
      const providers = this.providers.get(provided) ?? new Set();
      this.providers.set(provided, providers.add(name));
    }
  }

  get size(): number {
    return this.raw.size;
  }

  get(name: string): DebianPackage | undefined {
    const known = this.parsed.get(name);
    const raw = this.raw.get(name);
    if (known !== undefined || raw === undefined) return known;
    const parsed = toPackage(name, raw.fields, raw.archive);
    this.parsed.set(name, parsed);
    return parsed;
  }

  /** Names of the packages with this property of their paragraph. */
  names(has: (fields: Paragraph) => boolean): string[] {
    return [...this.raw].flatMap(([name, { fields }]) => (has(fields) ? [name] : [])).sort();
  }

  /** Packages that are what is wanted or provide it, a package of that name first, then those an installation would have anyway. */
  candidates(wanted: Dependency): DebianPackage[] {
    const real = this.get(wanted.name);
    const others = [...(this.providers.get(wanted.name) ?? [])].flatMap((name) => this.get(name) ?? []);
    others.sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
    return [...(real === undefined ? [] : [real]), ...others].filter((one) => isMet(wanted, one));
  }
}

const PRIORITIES = ['required', 'important', 'standard', 'optional'];

function rank({ essential, priority }: DebianPackage): number {
  const index = PRIORITIES.indexOf(priority);
  return essential ? -1 : index < 0 ? PRIORITIES.length : index;
}

/** Whether a package is what is wanted. What is provided without a version has none. */
export function isMet({ name, relation, version }: Dependency, by: DebianPackage): boolean {
  const matches = (has: string | undefined) => relation === undefined || (has !== undefined && satisfies(has, relation, version as string));
  if (by.name === name && matches(by.version)) return true;
  return by.provides.some((provided) => provided.name === name && matches(provided.version));
}

export function isPackageName(text: string): boolean {
  return /^[a-z0-9][a-z0-9+.-]{0,127}$/.test(text);
}

function toPackage(name: string, fields: Paragraph, archive: string): DebianPackage {
  const size = Number(fields.get('size'));
  const sha256 = fields.get('sha256') ?? '';
  const filename = fields.get('filename') ?? '';
  const isPath = /^[A-Za-z0-9_.+~:%/-]+$/.test(filename) && !filename.startsWith('/') && !filename.split('/').includes('..');
  if (!isPath || !Number.isSafeInteger(size) || size < 1 || !/^[0-9a-f]{64}$/.test(sha256)) {
    throw new DockerliteError('E_REGISTRY', `${archive}: the entry of package ${name} has no usable file name, size and SHA256`);
  }
  return {
    name,
    version: fields.get('version') ?? '',
    essential: fields.get('essential') === 'yes',
    priority: fields.get('priority') ?? '',
    depends: parseDepends(fields.get('depends')),
    preDepends: parseDepends(fields.get('pre-depends')),
    provides: parseDepends(fields.get('provides')).flat(),
    filename,
    size,
    sha256,
    archive,
  };
}
