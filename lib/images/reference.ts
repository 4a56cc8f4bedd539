// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';

// Grammar of the distribution specification's references (github.com/distribution/reference, regexp.go).
const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const HOST = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const DOMAIN = `(?:${HOST}(?:\\.${HOST})*|\\[[0-9a-fA-F:]+\\])(?::[0-9]+)?`;
const REFERENCE = new RegExp(`^((?:${DOMAIN}/)?${COMPONENT}(?:/${COMPONENT})*)(?::([\\w][\\w.-]{0,127}))?$`);

export interface Reference {
  repository: string;
  tag: string;
}

/** @throws E_INVALID in Docker's words */
export function parseReference(text: string): Reference {
  const match = text.length <= 400 ? REFERENCE.exec(text) : null;
  if (match === null || match[1] === undefined || match[1].length > 255) {
    const upper = REFERENCE.test(text.toLowerCase()) ? ': repository name must be lowercase' : '';
    throw new DockerliteError('E_INVALID', `invalid reference format${upper}`, {
      hint: `"${text.slice(0, 80)}" is not of the form [REGISTRY/]NAME[:TAG]`,
    });
  }
  if (/^[0-9a-f]{64}$/.test(match[1])) {
    throw new DockerliteError('E_INVALID', `invalid repository name (${match[1]}), cannot specify 64-byte hexadecimal strings`);
  }
  return { repository: familiar(match[1]), tag: match[2] ?? 'latest' };
}

/** `repository:tag`, as tags are stored; text that is no reference comes back as it is and matches nothing. */
export function normaliseReference(text: string): string {
  const match = text.length <= 400 ? REFERENCE.exec(text) : null;
  return match?.[1] === undefined ? text : `${familiar(match[1])}:${match[2] ?? 'latest'}`;
}

/** Docker Hub's names are kept short: docker.io/library/busybox is busybox. */
function familiar(repository: string): string {
  return repository.replace(/^(?:index\.)?docker\.io\//, '').replace(/^library\/(?=[^/]+$)/, '');
}
