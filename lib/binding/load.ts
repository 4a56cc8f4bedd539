// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DockerliteError } from '../errors';
import type { ArchiveBinding, BtrfsBinding, JournalBinding, LxcBinding, NetBinding, SeccompBinding, SupervisorBinding, TerminalBinding } from './types';

/** The addons, by file name. Those that need a library of the system are apart, so that its absence breaks nothing else. */
export interface Addons {
  dockerlite: BtrfsBinding & JournalBinding & SupervisorBinding & TerminalBinding;
  'dockerlite-archive': ArchiveBinding;
  'dockerlite-net': NetBinding;
  'dockerlite-lxc': LxcBinding;
  'dockerlite-seccomp': SeccompBinding;
}

export type Program = 'dockerlite-supervisor' | 'dockerlite-init';

const LIBRARY_PACKAGES: readonly [RegExp, string][] = [
  [/^liblxc\./, 'liblxc1 (Debian 13: liblxc1t64)'],
  [/^libarchive\./, 'libarchive13 (Debian 13: libarchive13t64)'],
  [/^libnettle\./, 'libnettle8 (Debian 13: libnettle8t64)'],
  [/^libnftables\./, 'libnftables1'],
  [/^libseccomp\./, 'libseccomp2'],
  [/^libmnl\./, 'libmnl0'],
];

const loaded: Partial<Addons> = {};
let directory: string | undefined;
const programs = new Map<Program, string>();

/** Loads an addon the first time it is asked for. */
export function loadAddon<Name extends keyof Addons>(name: Name): Addons[Name] {
  return (loaded[name] as Addons[Name] | undefined) ?? loadNow(name);
}

/** Path of an executable of this package; it is beside the addons. */
export function programPath(name: Program): string {
  const known = programs.get(name);
  if (known !== undefined) return known;
  const path = join(nativeDirectory(), name);
  if (!existsSync(path)) throw missing(`${path} is missing`, path);
  programs.set(name, path);
  return path;
}

function loadNow<Name extends keyof Addons>(name: Name): Addons[Name] {
  const path = join(nativeDirectory(), `${name}.node`);
  if (!existsSync(path)) throw missing(`${path} is missing`, path);
  try {
    const addon = require(path) as Addons[Name];
    loaded[name] = addon;
    return addon;
  } catch (error) {
    throw missing(`cannot load ${path}: ${error instanceof Error ? error.message : String(error)}`, path, error);
  }
}

/** Where the native files are: a build of this checkout, else what node-gyp-build finds (prebuilt files). */
function nativeDirectory(): string {
  if (directory !== undefined) return directory;
  const root = packageRoot();
  const build = join(root, 'build', 'Release');
  if (existsSync(join(build, 'dockerlite.node'))) return (directory = build);
  try {
    const nodeGypBuild = require('node-gyp-build') as { path(root: string): string };
    return (directory = dirname(nodeGypBuild.path(root)));
  } catch (error) {
    throw missing(`no native build of dockerlite for ${process.platform}-${process.arch} in ${root}`, root, error);
  }
}

/** The directory with binding.gyp: this file may be compiled to dist/ or be part of a bundle, at another depth. */
function packageRoot(): string {
  for (let path = __dirname; ; path = dirname(path)) {
    if (existsSync(join(path, 'binding.gyp'))) return path;
    if (path === dirname(path)) throw missing('the files of the dockerlite package are incomplete', __dirname);
  }
}

function missing(message: string, path: string, cause?: unknown): DockerliteError {
  const library = /: (lib[^\s:/]+): cannot open shared object file/.exec(message)?.[1];
  const debian = library === undefined ? undefined : LIBRARY_PACKAGES.find(([pattern]) => pattern.test(library))?.[1];
  let hint = 'run `npm run setup` in a checkout, or `npm rebuild dockerlite` where it is a dependency';
  if (process.platform !== 'linux') hint = 'dockerlite runs on Linux only';
  else if (library !== undefined) hint = `install ${library}${debian === undefined ? '' : `, on Debian: apt-get install ${debian}`}`;
  return new DockerliteError('E_NATIVE_MISSING', message, { path, hint, cause });
}
