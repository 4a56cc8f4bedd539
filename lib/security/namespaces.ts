// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';

/** Which namespace a container has: '' or 'private' its own, 'host', or 'container:ID' that container's. */
export interface NamespaceModes {
  pidMode: string;
  ipcMode: string;
  utsMode: string;
  cgroupnsMode: string;
}

const MODES: Record<keyof NamespaceModes, { name: string; words: string[]; containers: boolean }> = {
  pidMode: { name: 'PID', words: ['host', 'private'], containers: true },
  ipcMode: { name: 'IPC', words: ['host', 'private', 'shareable', 'none'], containers: true },
  utsMode: { name: 'UTS', words: ['host', 'private'], containers: false },
  cgroupnsMode: { name: 'cgroup namespace', words: ['host', 'private'], containers: false },
};

/** Without what is the default anyway. @throws E_INVALID in Docker's words */
export function checkNamespaces(options: Partial<NamespaceModes>): Partial<NamespaceModes> {
  const chosen: Partial<NamespaceModes> = {};
  for (const [key, { name, words, containers }] of Object.entries(MODES) as [keyof NamespaceModes, (typeof MODES)['pidMode']][]) {
    const mode = options[key];
    if (mode === undefined || mode === '') continue;
    if (!words.includes(mode) && !(containers && containerOf(mode) !== undefined)) throw new DockerliteError('E_INVALID', `invalid ${name} mode: ${mode}`);
    if (mode !== 'private' && mode !== 'shareable') chosen[key] = mode;
  }
  return chosen;
}

/** The container named in "container:NAME". */
export function containerOf(mode: string | undefined): string | undefined {
  return mode !== undefined && /^container:[^:\0]+$/.test(mode) ? mode.slice('container:'.length) : undefined;
}
