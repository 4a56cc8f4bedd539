// SPDX-License-Identifier: Apache-2.0
import { isatty } from 'node:tty';
import type { Container } from '../../lib/containers/container';
import type { Engine } from '../../lib/engine';
import type { Io } from '../io';
import { DEFAULT_DETACH_KEYS, parseDetachKeys } from '../session/detach-keys';
import { runAttached } from './run-attached';

/** What `runc` and `runi` do: run in a container at our own terminal or pipes, and keep it. */
export function firstRun(io: Io, find: (engine: Engine, tty: boolean) => Promise<Container>, command: string[] | undefined): Promise<number> {
  const tty = isatty(0) && isatty(1);
  const session = { tty, stdin: true, stdout: true, stderr: true, detachKeys: parseDetachKeys(DEFAULT_DETACH_KEYS), proxySignals: true };
  return runAttached(io, session, { oneShot: true }, (engine) => find(engine, tty), false, { command, tty, openStdin: true });
}
