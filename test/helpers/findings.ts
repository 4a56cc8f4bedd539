// SPDX-License-Identifier: Apache-2.0
import type { CheckOptions } from '../../lib/check/check';
import type { Finding } from '../../lib/check/finding';
import type { Engine } from '../../lib/engine';

/** Everything `check` finds. */
export async function findings(engine: Engine, options: CheckOptions = {}): Promise<Finding[]> {
  const found: Finding[] = [];
  for await (const finding of engine.check(options)) found.push(finding);
  return found;
}
