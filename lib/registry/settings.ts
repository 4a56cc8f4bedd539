// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { DockerliteError } from '../errors';
import { hasOwnAuthority } from './certificates';
import { hostName, isLoopback, networkOf } from './hosts';
import { isObject } from './manifest';
import { DOCKER_HUB } from './reference';

/** How registries are reached. Every field has a default; files and environment give what is not given here. */
export interface RegistryOptions {
  /** Directory of Docker's config.json; default $DOCKER_CONFIG, else ~/.docker. */
  dockerConfig?: string;
  /** Registry (`docker.io`, `host:port`) to the URLs of its mirrors, which are asked first. */
  mirrors?: Record<string, string[]>;
  /** Registries whose certificate is not looked at and that may speak plain HTTP: host, host:port, address or CIDR. */
  insecure?: string[];
  /** Directories with a directory HOST[:PORT] of `*.crt`, `*.cert` and `*.key` files each. */
  certificates?: string[];
  /** For tests: how long things may take and how often they are tried. */
  patience?: Partial<Patience>;
}

/** Milliseconds, and a count. */
export interface Patience {
  connect: number;
  /** Until an answer begins; a registry that looks at a big blob takes its time. */
  answer: number;
  /** Between two pieces of a body. */
  idle: number;
  /** How often a request is sent before it has failed. */
  attempts: number;
  /** Before the second attempt; doubles with each. */
  backOff: number;
  /** A registry that asks for a longer pause is not waited for. */
  longestPause: number;
}

export const PATIENCE: Patience = { connect: 30_000, answer: 120_000, idle: 60_000, attempts: 5, backOff: 500, longestPause: 60_000 };

export const DEFAULT_CERTIFICATES = ['/etc/dockerlite/certs.d', '/etc/docker/certs.d'];

/** Settings of the machine: our own file, else what Docker's daemon is told. */
const OWN_FILE = '/etc/dockerlite/registries.json';
const DOCKER_FILE = '/etc/docker/daemon.json';

export interface Settings {
  mirrors(host: string): URL[];
  isInsecure(host: string): boolean;
  readonly certificates: readonly string[];
  readonly patience: Patience;
  /** Proxy of a URL, null for none; undefined: as the environment says. */
  proxy?(url: URL): URL | null | undefined;
  /** Of an encrypted connection, in place of what the machine and the directories of certificates say. */
  tls?(url: URL): TlsSettings;
}

/** As node:tls names them. */
export interface TlsSettings {
  ca?: string[];
  cert?: string[];
  key?: string[];
  rejectUnauthorized?: boolean;
  checkServerIdentity?: () => undefined;
}

/** @throws E_INVALID for a file that cannot be understood */
export function loadSettings(options: RegistryOptions = {}): Settings {
  const file = readSettings();
  const mirrors = { ...file.mirrors, ...options.mirrors };
  const certificates = options.certificates ?? DEFAULT_CERTIFICATES;
  const insecure = insecureList([...file.insecure, ...(options.insecure ?? [])]);
  return {
    mirrors: (host) => (Object.hasOwn(mirrors, host) ? (mirrors[host] as string[]) : []).map(mirrorUrl),
    // An authority that was put there for a registry is meant to be used.
    isInsecure: (host) => insecure(host) && !hasOwnAuthority(host, certificates),
    certificates,
    patience: { ...PATIENCE, ...options.patience },
  };
}

function readSettings(): { mirrors: Record<string, string[]>; insecure: string[] } {
  const named = process.env['DOCKERLITE_REGISTRIES'];
  for (const path of named === undefined || named === '' ? [OWN_FILE, DOCKER_FILE] : [named]) {
    const json = readJson(path);
    if (json === undefined) continue;
    const mirrors = isObject(json['mirrors']) ? Object.entries(json['mirrors']) : [];
    return {
      mirrors: Object.fromEntries([[DOCKER_HUB, strings(json['registry-mirrors'])], ...mirrors.map(([host, urls]) => [host, strings(urls)] as const)]),
      insecure: strings(json['insecure-registries']),
    };
  }
  return { mirrors: {}, insecure: [] };
}

function readJson(path: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (isObject(parsed)) return parsed;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new DockerliteError('E_INVALID', `${path}: ${(error as Error).message}`, { path, cause: error });
  }
  throw new DockerliteError('E_INVALID', `${path}: not a JSON object`, { path });
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry): entry is string => typeof entry === 'string') : [];
}

function mirrorUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new DockerliteError('E_INVALID', `invalid registry mirror: ${JSON.stringify(text.slice(0, 100))} is not an http or https URL`);
  }
  return url;
}

/** As Docker: the machine itself needs no certificate. */
function insecureList(entries: readonly string[]): (host: string) => boolean {
  const networks = entries.map(networkOf).filter((network) => network !== undefined);
  const names = new Set(entries.map((entry) => entry.toLowerCase()));
  return (host) => {
    const name = hostName(host);
    return isLoopback(host) || names.has(host.toLowerCase()) || names.has(name) || networks.some((network) => network(name));
  };
}
