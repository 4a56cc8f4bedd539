// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../../lib/errors';
import type { Io } from '../io';
import { compileTemplate } from './template';

/** --format of the commands that inspect. */
export const INSPECT_FORMAT = { type: 'string', alias: 'f', value: 'TEMPLATE', describe: "'json' or a Go template" } as const;

/**
 * Shows what `find` finds for each word: an array, in one line with 'json', or a line by the template for each. Those that
 * are not there are told of by `tell` behind it; the exit status is then 1. @throws TemplateError
 */
export async function inspectEach(
  io: Io,
  format: string | undefined,
  words: readonly string[],
  find: (word: string) => Promise<object>,
  tell: (error: DockerliteError) => void = (error) => io.fail(error),
): Promise<number> {
  const render = format === undefined || format === '' || format === 'json' ? undefined : compileTemplate(format, { fields: 'inspect' });
  const found: object[] = [];
  const failures: DockerliteError[] = [];
  for (const word of words) {
    try {
      found.push(await find(word));
    } catch (error) {
      if (!(error instanceof DockerliteError)) throw error;
      failures.push(error);
    }
  }
  const list = () => `${JSON.stringify(found, null, format === 'json' ? undefined : 4)}\n`;
  io.stdout.write(render === undefined ? list() : found.map((info) => `${render(info)}\n`).join(''));
  for (const failure of failures) tell(failure);
  return failures.length === 0 ? 0 : 1;
}
