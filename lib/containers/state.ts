// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';

export type ContainerState = 'creating' | 'created' | 'starting' | 'running' | 'paused' | 'exited' | 'removing';

export type Verb = 'start' | 'stop' | 'kill' | 'exec' | 'attach' | 'resize' | 'pause' | 'unpause' | 'top' | 'remove' | 'rename' | 'update' | 'commit' | 'diff' | 'copy' | 'export';

const ALL: ContainerState[] = ['created', 'starting', 'running', 'paused', 'exited'];

/** Which verb is allowed in which state; every verb asks here. */
const ALLOWED: Record<Verb, ContainerState[]> = {
  start: ['created', 'exited'],
  stop: ['running', 'paused', 'starting'],
  kill: ['running', 'paused', 'starting'],
  exec: ['running'],
  attach: ['running', 'paused'],
  resize: ['running', 'paused'],
  pause: ['running'],
  unpause: ['paused'],
  top: ['running', 'paused'],
  remove: ['created', 'exited'],
  rename: ALL,
  update: ALL,
  commit: ALL,
  diff: ALL,
  copy: ALL,
  export: ALL,
};

export function isAllowed(verb: Verb, state: ContainerState): boolean {
  return ALLOWED[verb].includes(state);
}

/** @throws E_NOT_RUNNING or E_CONFLICT with Docker's wording */
export function requireState(verb: Verb, container: { id: string; state: ContainerState }): void {
  if (isAllowed(verb, container.state)) return;
  const { id, state } = container;
  if (verb === 'remove') {
    throw new DockerliteError('E_CONFLICT', `You cannot remove a running container ${id}. Stop the container before attempting removal or force remove`);
  }
  if (state === 'paused') throw new DockerliteError('E_CONFLICT', `Container ${id} is paused, unpause the container before ${verb}`);
  if (verb === 'start') throw new DockerliteError('E_CONFLICT', `container ${id} is already running`);
  if (verb === 'unpause') throw new DockerliteError('E_CONFLICT', `Container ${id} is not paused`);
  throw new DockerliteError('E_NOT_RUNNING', `Container ${id} is not running`);
}
