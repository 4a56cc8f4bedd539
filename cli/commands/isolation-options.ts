// SPDX-License-Identifier: Apache-2.0
import type { Isolation } from '../../lib/security/isolation';
import type { Args, OptionSpecs } from '../command';

/** What `run` and `create` take about how the container is kept apart from the host. */
export const ISOLATION_OPTIONS = {
  userns: { type: 'string', value: 'MODE', describe: "User namespace: private (default) or host, where root is the host's root" },
} as const satisfies OptionSpecs;

/** What was asked for; undefined when nothing was. */
export function isolationOptions(args: Args<typeof ISOLATION_OPTIONS>): Partial<Isolation> | undefined {
  const chosen: Partial<Isolation> = {};
  if (args.userns) chosen.userns = args.userns as Isolation['userns'];
  return Object.keys(chosen).length === 0 ? undefined : chosen;
}
