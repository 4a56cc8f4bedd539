// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';
import type { Finding } from '../../lib/check/finding';
import { examineState, recoverState } from '../../lib/recover/recover';
import { storeRoot } from '../../lib/store/store';
import type { Io } from '../io';

export default defineCommand({
  usage: '[OPTIONS]',
  describe: 'Look for what is not as it should be in the store: what killed processes left, rows without trees, trees without rows, a damaged state. The exit status is 1 when something is left to repair',
  examples: [
    ['system check', 'only look'],
    ['system check --repair', 'and put it right; what has a name is never deleted, a damaged state is made anew from what is there'],
    ['system check --format json', 'one JSON object in each line'],
  ],
  options: {
    repair: { type: 'boolean', default: false, describe: 'Put right what is found' },
    format: { type: 'string', value: 'FORMAT', default: 'text', choices: ['text', 'json'], describe: 'text or json' },
  },
  async run({ repair, format }, io) {
    let found = 0;
    let left = 0;
    for await (const finding of everything(io, repair)) {
      found++;
      if (needsRepair(finding)) left++;
      io.print(format === 'json' ? JSON.stringify(finding) : describe(finding));
    }
    if (found === 0 && format === 'text') io.print('Nothing found');
    if (left > 0 && !repair && format === 'text') io.warn('Run `dockerlite system check --repair` to put it right.');
    return left === 0 ? 0 : 1;
  },
});

/** A state that cannot be used comes first: without it there is no engine. */
async function* everything(io: Io, repair: boolean): AsyncGenerator<Finding> {
  const root = storeRoot(io.root);
  const damage = examineState(root);
  if (damage.length > 0 && !repair) {
    for (const detail of damage) yield { kind: 'database', what: root, detail };
    return;
  }
  if (damage.length > 0) yield* recoverState(root);
  yield* (await io.engine()).check({ repair });
}

/** Subvolumes made inside a container are worth knowing of, but nothing is wrong with them. */
function needsRepair({ repaired, note }: Finding): boolean {
  return repaired === undefined && note !== true;
}

function describe({ kind, what, detail, repaired, failed }: Finding): string {
  const outcome = repaired ?? (failed === undefined ? undefined : `not repaired: ${failed}`);
  return printable(`${kind}: ${what}: ${detail}${outcome === undefined ? '' : ` (${outcome})`}`);
}

/** Names come from containers. */
function printable(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
