// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import { familiarName, parseRemoteReference } from '../registry/reference';

export interface Reference {
  repository: string;
  tag: string;
}

/** A name for an image, which has no digest in it. @throws E_INVALID in Docker's words */
export function parseReference(text: string): Reference {
  const parsed = parseRemoteReference(text);
  if (parsed.digest !== undefined) throw new DockerliteError('E_INVALID', 'refusing to create a tag with a digest reference');
  return { repository: familiarName(parsed), tag: parsed.tag ?? 'latest' };
}

/** `repository:tag`, as tags are stored; text that is no reference comes back as it is and matches nothing. */
export function normaliseReference(text: string): string {
  try {
    const { repository, tag } = parseReference(text);
    return `${repository}:${tag}`;
  } catch {
    return text;
  }
}
