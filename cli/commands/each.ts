// SPDX-License-Identifier: Apache-2.0
import type { Container } from '../../lib/containers/container';
import { DockerliteError, type ErrorCode } from '../../lib/errors';
import type { Io } from '../io';

export interface EachOptions {
  /** This one is told, but no failure. */
  tolerated?: ErrorCode | undefined;
  /** Goes before what is said of one that is not there; NAME is what was asked for. */
  notFound?: string;
  /** Goes before the names of those with which it failed, in the end. */
  atLast?: string;
}

/**
 * Does one thing to each container named, at the same time, and prints their names in the order given. What fails is told
 * and does not keep the others from it; the exit status is then 1.
 */
export async function forEachContainer(
  words: readonly string[],
  io: Io,
  action: (container: Container, word: string) => Promise<string | void>,
  { tolerated, notFound = '', atLast }: EachOptions = {},
): Promise<number> {
  const { containers } = await io.engine();
  const get = (word: string) => containers.get(word).catch((error: unknown) => {
    throw error instanceof DockerliteError ? new DockerliteError(error.code, notFound.replace('NAME', word) + error.message, { hint: error.hint, cause: error }) : error;
  });
  const work = words.map(async (word) => (await action(await get(word), word)) ?? word);
  const failed: string[] = [];
  for (const one of work) one.catch(() => undefined);
  let status = 0;
  for (const [i, one] of work.entries()) {
    try {
      io.print(await one);
    } catch (error) {
      if (!(error instanceof DockerliteError)) throw error;
      io.fail(error);
      if (error.code === tolerated) continue;
      failed.push(words[i]!);
      status = 1;
    }
  }
  if (failed.length > 0 && atLast !== undefined) io.fail(new Error(`${atLast}: ${failed.join(', ')}`));
  return status;
}
