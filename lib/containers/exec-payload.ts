// SPDX-License-Identifier: Apache-2.0
import type { Store } from '../store/store';
import { confinement } from './confinement';
import { mergeEnv } from './normalise';
import { encodePayload } from './payload';
import type { ContainerRow } from './record';
import type { ContainerSpec } from './spec';
import { storageConfinement } from './storage';

export interface ExecPayloadOptions {
  tty?: boolean;
  /** Added to the container's own. */
  env?: string[];
  /** Default: the container's. */
  user?: string;
  workdir?: string;
  privileged?: boolean;
  rows?: number;
  columns?: number;
}

/** The orders for a further process in a container: an exec, or a probe of its health. */
export async function execPayload(store: Store, row: ContainerRow, spec: ContainerSpec, command: string[], options: ExecPayloadOptions = {}): Promise<Buffer> {
  const tty = options.tty === true;
  return encodePayload({
    argv: command,
    env: mergeEnv(spec.env, tty ? ['TERM=xterm'] : [], options.env ?? []),
    cwd: options.workdir ?? spec.workdir,
    user: options.user ?? spec.user,
    tty,
    keepTree: true,
    rows: options.rows,
    columns: options.columns,
    ...(await confinement(store.layout, options.privileged ? { ...spec, privileged: true } : spec)),
    ...storageConfinement(store, row.id, spec),
  });
}
