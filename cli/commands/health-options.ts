// SPDX-License-Identifier: Apache-2.0
import type { HealthOptions } from '../../lib/containers/healthcheck';
import { parseDuration } from '../../lib/util/duration';
import { type Args, type OptionSpecs, UsageError } from '../command';

/** What `run` and `create` take of health checks. */
export const HEALTH_OPTIONS = {
  'health-cmd': { type: 'string', value: 'COMMAND', describe: 'Command line that finds out whether the container is well' },
  'health-interval': { type: 'string', value: 'DURATION', describe: 'Time between two checks, e.g. 1m30s (default 30s)' },
  'health-retries': { type: 'number', value: 'COUNT', describe: 'Failures in a row until it is unhealthy (default 3)' },
  'health-start-interval': { type: 'string', value: 'DURATION', describe: 'Time between two checks in the start period (default 5s)' },
  'health-start-period': { type: 'string', value: 'DURATION', describe: 'Time after its start in which failures do not count (default 0s)' },
  'health-timeout': { type: 'string', value: 'DURATION', describe: 'How long a check may take (default 30s)' },
  'no-healthcheck': { type: 'boolean', describe: "Run no check, not the image's either" },
} as const satisfies OptionSpecs;

/** undefined: the image's. @throws UsageError */
export function healthOptions(args: Args<typeof HEALTH_OPTIONS>): HealthOptions | false | undefined {
  const ms = (flag: 'health-interval' | 'health-timeout' | 'health-start-period' | 'health-start-interval') => duration(flag, args[flag]);
  const options: HealthOptions = {
    test: args['health-cmd'] ?? '',
    interval: ms('health-interval'),
    timeout: ms('health-timeout'),
    startPeriod: ms('health-start-period'),
    startInterval: ms('health-start-interval'),
    retries: args['health-retries'] ?? 0,
  };
  const given = Object.values(options).some((value) => value !== 0 && value !== '');
  if (args['no-healthcheck'] === true && given) throw new UsageError('--no-healthcheck conflicts with --health-* options');
  if (args['no-healthcheck'] === true) return false;
  if ((options.retries as number) < 0) throw new UsageError('--health-retries cannot be negative');
  return given ? options : undefined;
}

/** ms; 0 is as good as not given. */
function duration(flag: string, text: string | undefined): number {
  if (text === undefined) return 0;
  let ns: number;
  try {
    ns = parseDuration(text);
  } catch (error) {
    throw new UsageError(`invalid argument ${JSON.stringify(text)} for "--${flag}" flag: ${(error as Error).message}`);
  }
  if (ns < 0) throw new UsageError(`--${flag} cannot be negative`);
  return ns / 1e6;
}
