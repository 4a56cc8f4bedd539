// SPDX-License-Identifier: Apache-2.0
import { checkShape, NAME } from '../util/shape';
import { DockerliteError } from '../errors';

// Grammar of the distribution specification's references (github.com/distribution/reference, regexp.go).
const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const HOST = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const DOMAIN = `(?:${HOST}(?:\\.${HOST})*|\\[[0-9a-fA-F:]+\\])(?::[0-9]+)?`;
const DIGEST = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';
const REFERENCE = new RegExp(`^((?:${DOMAIN}/)?${COMPONENT}(?:/${COMPONENT})*)(?::([\\w][\\w.-]{0,127}))?(?:@(${DIGEST}))?$`);

/** Longer than any that is one: 255 for the name, 128 for the tag, the longest digest. */
const LONGEST = 600;
const LONGEST_NAME = 255;

export const DOCKER_HUB = 'docker.io';

/** A name of the distribution specification, taken apart as Docker does. */
export interface RemoteReference {
  /** `docker.io`, or host[:port] as it was written. */
  host: string;
  /** Repository in that registry: `library/busybox`. */
  path: string;
  tag?: string;
  digest?: string;
}

/** Takes a reference apart; tag and digest are there when they were given. @throws E_INVALID in Docker's words */
export function parseRemoteReference(text: string): RemoteReference {
  checkShape('reference', text, NAME);
  const match = text.length <= LONGEST ? REFERENCE.exec(text) : null;
  const [, name, tag, digest] = match ?? [];
  if (name === undefined) {
    const upper = text.length <= LONGEST && REFERENCE.test(text.toLowerCase()) ? ': repository name must be lowercase' : '';
    throw badReference(text, `invalid reference format${upper}`);
  }
  if (/^[0-9a-f]{64}$/.test(name)) {
    throw new DockerliteError('E_INVALID', `invalid repository name (${name}), cannot specify 64-byte hexadecimal strings`);
  }
  const parts = splitHost(name);
  if (`${parts.host}/${parts.path}`.length > LONGEST_NAME) throw badReference(text, `repository name must not be more than ${LONGEST_NAME} characters`);
  if (digest !== undefined && !/^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/.test(digest)) {
    throw badReference(text, 'invalid reference format: unsupported or invalid digest');
  }
  return { ...parts, ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) };
}

function badReference(text: string, message: string): DockerliteError {
  return new DockerliteError('E_INVALID', message, { hint: `"${text.slice(0, 80)}" is not of the form [REGISTRY/]NAME[:TAG][@DIGEST]` });
}

/** What stands before the first slash is a registry if it looks like a host; otherwise it belongs to a name of Docker Hub. */
function splitHost(name: string): { host: string; path: string } {
  const slash = name.indexOf('/');
  const first = name.slice(0, slash);
  const isHost = slash > 0 && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase());
  const host = isHost ? first : DOCKER_HUB;
  const path = isHost ? name.slice(slash + 1) : name;
  if (host !== DOCKER_HUB && host !== 'index.docker.io') return { host, path };
  return { host: DOCKER_HUB, path: path.includes('/') ? path : `library/${path}` };
}

/** `docker.io/library/busybox` */
export function canonicalName({ host, path }: RemoteReference): string {
  return `${host}/${path}`;
}

/** `busybox`: as people write it and as tags are stored. */
export function familiarName({ host, path }: RemoteReference): string {
  const short = path.replace(/^library\/(?=[^/]+$)/, '');
  // Without its host docker.io/a.b/c would be another registry's.
  return host !== DOCKER_HUB || splitHost(short).host !== DOCKER_HUB ? `${host}/${path}` : short;
}

/** What names the manifest in a request: the digest if there is one, else the tag. */
export function manifestName({ tag, digest }: RemoteReference): string {
  return digest ?? tag ?? 'latest';
}

/** `busybox:1.36`, `busybox@sha256:…` */
export function familiarReference(reference: RemoteReference): string {
  return withName(familiarName(reference), reference);
}

/** `docker.io/library/busybox:1.36` */
export function canonicalReference(reference: RemoteReference): string {
  return withName(canonicalName(reference), reference);
}

function withName(name: string, reference: RemoteReference): string {
  const { tag, digest } = reference;
  if (digest === undefined) return `${name}:${tag ?? 'latest'}`;
  return tag === undefined ? `${name}@${digest}` : `${name}:${tag}@${digest}`;
}
