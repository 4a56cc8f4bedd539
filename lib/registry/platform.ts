// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';

/** Of an entry in an image index, Go's words. */
export interface Platform {
  os: string;
  architecture: string;
  variant?: string;
}

const GOARCH: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64', arm: 'arm', ia32: '386', ppc64: 'ppc64le', s390x: 's390x', riscv64: 'riscv64' };

const ALIASES: Readonly<Record<string, readonly [string, string?]>> = {
  x86_64: ['amd64'],
  'x86-64': ['amd64'],
  i386: ['386'],
  i686: ['386'],
  aarch64: ['arm64'],
  armhf: ['arm', 'v7'],
  armel: ['arm', 'v6'],
};

/** What a platform may do without being told: the variants that exist are supersets of the lower ones. */
const VARIANTS: Readonly<Record<string, readonly string[]>> = { arm: ['v8', 'v7', 'v6', 'v5'], arm64: ['v9', 'v8'], amd64: ['v4', 'v3', 'v2', 'v1'] };
const DEFAULT_VARIANT: Readonly<Record<string, string>> = { arm: 'v7', arm64: 'v8', amd64: 'v1' };

/** What this machine runs. */
export function hostPlatform(): Platform {
  return { os: 'linux', architecture: GOARCH[process.arch] ?? process.arch };
}

/** `linux/arm64/v8`, `linux/amd64`, `arm64`. @throws E_INVALID in Docker's words */
export function parsePlatform(text: string): Platform {
  const parts = text.toLowerCase().split('/');
  if (parts.length > 3 || !parts.every((part) => /^[a-z0-9_.-]+$/.test(part))) {
    throw new DockerliteError('E_INVALID', `"${text.slice(0, 80)}": unknown operating system or architecture: invalid argument`, { hint: 'a platform is OS[/ARCH[/VARIANT]]' });
  }
  if (parts.length === 1) return parts[0] === 'linux' ? hostPlatform() : normalise('linux', parts[0] as string);
  return normalise(parts[0] as string, parts[1] as string, parts[2]);
}

export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === undefined || variant === '' ? [] : [variant])].join('/');
}

/**
 * How well an entry serves what is wanted: 0 best, undefined not at all. A machine runs images of lower variants of its own
 * architecture, the highest of them best.
 */
export function platformRank(wanted: Platform, offered: Platform): number | undefined {
  const want = normalise(wanted.os, wanted.architecture, wanted.variant);
  const offer = normalise(offered.os, offered.architecture, offered.variant);
  if (want.os !== offer.os || want.architecture !== offer.architecture) return undefined;
  const order = VARIANTS[want.architecture] ?? [];
  const wantVariant = want.variant ?? DEFAULT_VARIANT[want.architecture];
  const offerVariant = offer.variant ?? DEFAULT_VARIANT[want.architecture];
  if (wantVariant === offerVariant) return 0;
  const distance = order.indexOf(offerVariant ?? '') - order.indexOf(wantVariant ?? '');
  return order.includes(offerVariant ?? '') && order.includes(wantVariant ?? '') && distance > 0 ? distance : undefined;
}

function normalise(os: string, architecture: string, variant?: string): Platform {
  const [name, implied] = Object.hasOwn(ALIASES, architecture) ? (ALIASES[architecture] as readonly [string, string?]) : [architecture, undefined];
  const chosen = variant === undefined || variant === '' ? implied : variant.startsWith('v') ? variant : `v${variant}`;
  return { os, architecture: name, ...(chosen !== undefined && { variant: chosen }) };
}
