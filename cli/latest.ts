// SPDX-License-Identifier: Apache-2.0
import type { Engine } from '../lib/engine';
import type { Container } from '../lib/containers/container';
import { DockerliteError } from '../lib/errors';
import type { Image } from '../lib/images/record';

/** The first version's word for what was made last; a thing of that name goes before it. */
const LAST = 'LAST';

/** The container a word of the first version's commands means; without a word the latest. @throws E_NO_SUCH_CONTAINER, E_AMBIGUOUS */
export async function containerOrLatest({ containers }: Engine, word: string | undefined): Promise<Container> {
  if (word === undefined) return containers.latest();
  return containers.get(word).catch((error: unknown) => {
    if (word === LAST && isCode(error, 'E_NO_SUCH_CONTAINER')) return containers.latest();
    throw error;
  });
}

/** @throws E_NO_SUCH_IMAGE, E_AMBIGUOUS */
export async function imageOrLatest({ images }: Engine, word: string): Promise<Image> {
  try {
    return await images.get(word);
  } catch (error) {
    const mayBeLast = word === LAST && (isCode(error, 'E_NO_SUCH_IMAGE') || isCode(error, 'E_INVALID'));
    const [latest] = mayBeLast ? await images.list() : [];
    if (latest === undefined) throw error;
    return latest;
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof DockerliteError && error.code === code;
}
