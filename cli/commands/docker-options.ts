// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../../lib/errors';
import type { Args, OptionSpecs } from '../command';

/** What scripts that were written for Docker pass, and has nothing to choose between here. */
export const DOCKER_OPTIONS = {
  'cgroup-parent': { type: 'string', hidden: true, describe: 'Not supported' },
  'disable-content-trust': { type: 'boolean', default: true, hidden: true, describe: 'Does nothing: images are not signed' },
  gpus: { type: 'string', hidden: true, describe: 'Not supported' },
  isolation: { type: 'string', hidden: true, describe: 'Only "default" is there' },
  runtime: { type: 'string', hidden: true, describe: 'Not supported' },
} as const satisfies OptionSpecs;

/** @throws E_UNSUPPORTED for what would have to make a difference, E_INVALID */
export function checkDockerOptions(args: Args<typeof DOCKER_OPTIONS>): void {
  const refuse = (message: string, hint: string) => new DockerliteError('E_UNSUPPORTED', message, { hint });
  if (args['cgroup-parent']) throw refuse('--cgroup-parent is not supported', 'limit the container itself, see --memory and --cpus');
  if (args.gpus) throw refuse('could not select device driver "" with capabilities: [[gpu]]', 'give it the devices by --device');
  if (args.isolation && args.isolation !== 'default') throw new DockerliteError('E_INVALID', `invalid isolation '${args.isolation}' on linux`);
  if (args.runtime) throw refuse(`unknown or invalid runtime name: ${args.runtime}`, 'there is one, liblxc');
}
