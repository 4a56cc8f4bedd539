// SPDX-License-Identifier: Apache-2.0
import type { NativeProcess } from './types';

/** A supervisor program that was started before any of this was loaded, see bin/dockerlite.js. */
export interface StartedSupervisor {
  /** Gone when it has ended. */
  native: NativeProcess | undefined;
  onGone: (() => void) | undefined;
}

let waiting: StartedSupervisor | undefined;

export function adoptSupervisor(started: StartedSupervisor): void {
  waiting = started;
}

/** Hands it over to the first who needs one. */
export function takeSupervisor(onGone: () => void): NativeProcess | undefined {
  const started = waiting;
  waiting = undefined;
  if (started !== undefined) started.onGone = onGone;
  return started?.native;
}
