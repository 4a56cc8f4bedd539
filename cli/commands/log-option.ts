// SPDX-License-Identifier: Apache-2.0
import type { LogOptions } from '../../lib/containers/log-options';
import { type Args, type OptionSpecs } from '../command';

/** What `run` and `create` take of a container's log. */
export const LOG_OPTIONS = {
  'log-driver': { type: 'string', value: 'DRIVER', describe: 'What becomes of its output: json-file (default) or none' },
  'log-opt': { type: 'list', value: 'KEY=VALUE', describe: 'Of json-file: max-size, max-file, labels, env' },
} as const satisfies OptionSpecs;

/** Undefined when nothing is said of it. */
export function logOptions(args: Args<typeof LOG_OPTIONS>): LogOptions | undefined {
  if (args['log-driver'] === undefined && args['log-opt'].length === 0) return undefined;
  const options = args['log-opt'].map((word): [string, string] => {
    const equals = word.indexOf('=');
    return equals < 0 ? [word, ''] : [word.slice(0, equals), word.slice(equals + 1)];
  });
  return { driver: args['log-driver'] || undefined, options: Object.fromEntries(options) };
}
