// SPDX-License-Identifier: Apache-2.0
import type { Container } from '../../lib/containers/container';
import type { StartOptions } from '../../lib/containers/start';
import type { Engine, EngineOptions } from '../../lib/engine';
import { DockerliteError } from '../../lib/errors';
import type { Io } from '../io';
import { OutputClosed } from '../output/output';
import { Session, type SessionOptions } from '../session/session';

/** Starts a container with its streams connected to ours and stays until it has ended; returns its exit code. */
export async function runAttached(
  io: Io,
  options: SessionOptions,
  engineOptions: Pick<EngineOptions, 'oneShot'>,
  find: (engine: Engine) => Promise<Container>,
  remove: boolean,
  start: Pick<StartOptions, 'command' | 'tty' | 'openStdin'> = {},
): Promise<number> {
  const session = new Session(options);
  try {
    const container = await find(await io.engine(engineOptions));
    let ended = true;
    try {
      session.begin();
      const attachment = await container.start({ ...start, attach: session.attach, onWarning: io.warning });
      ended = false;
      const exited = attachment.exited.then(({ exitCode }) => {
        ended = true;
        return exitCode;
      });
      return await session.follow(attachment, exited, io);
    } catch (error) {
      // `run --rm … | head -1`: as its reader ends a program in a pipeline, that of a container nobody keeps.
      if (remove && error instanceof OutputClosed) await container.remove({ force: true });
      throw error;
    } finally {
      session.end();
      // One the user left goes when it ends: whoever looks at the store next sees to that.
      if (remove && ended) await removeQuietly(container);
    }
  } finally {
    session.end();
  }
}

/** Somebody else may be removing it already. */
export async function removeQuietly(container: Container): Promise<void> {
  try {
    await container.remove();
  } catch (error) {
    if (!(error instanceof DockerliteError) || !['E_CONFLICT', 'E_NO_SUCH_CONTAINER'].includes(error.code)) throw error;
  }
}
