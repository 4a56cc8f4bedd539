// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';

/** `paused`, and `restarting`, between two runs, are in no row: its supervisor says so, see live-state.ts. */
export type ContainerState = 'creating' | 'created' | 'starting' | 'running' | 'paused' | 'restarting' | 'exited' | 'removing';

export type Verb = 'start' | 'stop' | 'kill' | 'exec' | 'attach' | 'resize' | 'pause' | 'unpause' | 'top' | 'remove' | 'rename' | 'update' | 'commit' | 'diff' | 'copy' | 'export';

const ALL: ContainerState[] = ['created', 'starting', 'running', 'paused', 'restarting', 'exited'];

/** Which verb is allowed in which state; every verb asks here. */
const ALLOWED: Record<Verb, ContainerState[]> = {
  start: ['created', 'exited'],
  stop: ['running', 'paused', 'starting', 'restarting'],
  kill: ['running', 'paused', 'starting', 'restarting'],
  exec: ['running'],
  attach: ['running'],
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
export function requireState(verb: Verb, container: { id: string; name: string; state: ContainerState }): void {
  if (isAllowed(verb, container.state)) return;
  const { id, name, state } = container;
  if (verb === 'remove') {
    throw new DockerliteError('E_CONFLICT', `You cannot remove a ${state === 'restarting' ? state : 'running'} container ${id}. Stop the container before attempting removal or force remove`);
  }
  if (state === 'paused' && verb === 'pause') throw new DockerliteError('E_CONFLICT', `Container ${id} is already paused`);
  if (state === 'paused' && verb === 'attach') throw new DockerliteError('E_CONFLICT', 'You cannot attach to a paused container, unpause it first');
  if (state === 'paused') throw new DockerliteError('E_CONFLICT', `Container ${verb === 'exec' ? name : id} is paused, unpause the container before ${verb}`);
  if (state === 'restarting' && verb === 'attach') throw new DockerliteError('E_CONFLICT', 'You cannot attach to a restarting container, wait until it is running');
  if (state === 'restarting' && verb !== 'start') throw new DockerliteError('E_CONFLICT', `Container ${id} is restarting, wait until the container is running`);
  if (verb === 'start') throw new DockerliteError('E_CONFLICT', `container ${id} is already running`);
  if (verb === 'unpause') throw new DockerliteError('E_CONFLICT', `Container ${id} is not paused`);
  throw new DockerliteError('E_NOT_RUNNING', `Container ${id} is not running`);
}
