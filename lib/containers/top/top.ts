// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../../context';
import { rootOnHost } from '../../security/id-ranges';
import { recordContainerEvent } from '../container-events';
import type { ContainerRow } from '../record';
import { requireState } from '../state';
import { processIds } from './process-ids';
import { readMachine, readProcess } from './process';
import { parsePsOptions } from './ps-options';

/** As Docker's: column titles and a row a process. */
export interface ProcessList {
  titles: string[];
  processes: string[][];
}

/**
 * The container's processes as ps(1) on the host shows them, `-ef` by default, but for their users, which are the container's.
 * @throws E_NOT_RUNNING, E_INVALID for options of ps that are not understood
 */
export function containerProcesses({ store }: Context, row: ContainerRow, options: readonly string[] = []): ProcessList {
  requireState('top', row);
  const columns = parsePsOptions(options);
  const machine = readMachine();
  const firstId = rootOnHost(row.pid);
  const processes = processIds(row).flatMap((pid) => {
    const process = readProcess(pid, firstId, machine);
    return process === undefined ? [] : [columns.map(({ value }) => value(process))];
  });
  recordContainerEvent(store, row, 'top');
  return { titles: columns.map(({ title }) => title), processes };
}
