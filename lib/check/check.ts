// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../context';
import { checkAborted } from '../util/aborted';
import { checkAddresses } from './addresses';
import { checkRules } from './rules';
import { checkContainers } from './containers';
import { checkDatabase } from './database';
import type { Check, Finding, Problem } from './finding';
import { checkImages } from './images';
import { checkLayers } from './layers';
import { checkLoopDevices } from './loop-devices';
import { checkMounts } from './mounts';
import { checkPools } from './pools';
import { checkQuotas } from './quotas';
import { checkRemains } from './remains';
import { checkRunDirectories } from './run-directories';
import { checkSubvolumes } from './subvolumes';
import { checkTrees } from './trees';
import { checkVolumes } from './volumes';
import { checkWorkspaces } from './workspaces';

/** In this order: what an earlier one mends, a later one no longer finds. A new kind of thing gets a file of its own and a line here. */
const CHECKS: readonly Check[] = [
  checkDatabase,
  checkWorkspaces,
  checkImages,
  checkLayers,
  checkContainers,
  checkVolumes,
  checkTrees,
  checkPools,
  checkSubvolumes,
  checkQuotas,
  checkRemains,
  checkRunDirectories,
  checkAddresses,
  checkRules,
  checkMounts,
  checkLoopDevices,
];

export interface CheckOptions {
  /** Mend what is found. */
  repair?: boolean;
  /** Ends the iteration with E_ABORTED: what has not been found yet may be there. */
  signal?: AbortSignal;
}

/**
 * Compares what the rows say with what is there. With `repair` it mends what it finds, never deleting data that a name
 * points to; a repair that fails is reported in its finding and does not keep the others from being tried.
 */
export async function* checkStore(context: Context, options: CheckOptions = {}): AsyncGenerator<Finding> {
  for (const check of CHECKS) {
    checkAborted(options.signal);
    for await (const problem of check(context)) {
      checkAborted(options.signal);
      yield options.repair === true ? await mend(problem) : finding(problem);
    }
  }
}

async function mend(problem: Problem): Promise<Finding> {
  if (problem.repair === undefined) return finding(problem);
  try {
    return { ...finding(problem), repaired: (await problem.repair()) ?? 'gone meanwhile' };
  } catch (error) {
    return { ...finding(problem), failed: error instanceof Error ? error.message : String(error) };
  }
}

function finding({ repair: _, ...rest }: Problem): Finding {
  return rest;
}
