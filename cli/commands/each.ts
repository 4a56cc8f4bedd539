// SPDX-License-Identifier: Apache-2.0
import type { Container } from '../../lib/containers/container';
import { DockerliteError, type ErrorCode } from '../../lib/errors';
import type { Io } from '../io';

/**
 * Does one thing to each container named, at the same time, and prints their names in the order given. What fails is told
 * and does not keep the others from it; the exit status is then 1, unless the error is the one `tolerated`.
 */
export async function forEachContainer(
  words: readonly string[],
  io: Io,
  action: (container: Container, word: string) => Promise<string | void>,
  tolerated?: ErrorCode,
): Promise<number> {
  const { containers } = await io.engine();
  const work = words.map(async (word) => (await action(await containers.get(word), word)) ?? word);
  for (const one of work) one.catch(() => undefined);
  let status = 0;
  for (const one of work) {
    try {
      io.print(await one);
    } catch (error) {
      if (!(error instanceof DockerliteError)) throw error;
      io.fail(error);
      if (error.code !== tolerated) status = 1;
    }
  }
  return status;
}
