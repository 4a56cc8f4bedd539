// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../../lib/errors';
import { defineCommand } from '../command';
import { compileTemplate } from '../output/template';
import { volumeInfo } from '../output/volume-row';

export default defineCommand({
  usage: '[OPTIONS] VOLUME [VOLUME...]',
  describe: 'Return low-level information on volumes',
  examples: [[`volume inspect -f '{{.Mountpoint}}' data`, 'where its files are on the host']],
  options: { format: { type: 'string', alias: 'f', value: 'TEMPLATE', describe: "'json' or a Go template" } },
  operands: [1, Infinity],
  async run({ format, _: names }, io) {
    const render = format === undefined || format === '' ? undefined : compileTemplate(format === 'json' ? '{{json .}}' : format);
    const { volumes } = await io.engine();
    const found: object[] = [];
    const failures: DockerliteError[] = [];
    for (const name of names) {
      try {
        found.push(volumeInfo(await volumes.get(name)));
      } catch (error) {
        if (!(error instanceof DockerliteError)) throw error;
        failures.push(error);
      }
    }
    io.stdout.write(render === undefined ? `${JSON.stringify(found, null, 4)}\n` : found.map((info) => `${render(info)}\n`).join(''));
    for (const failure of failures) io.fail(failure);
    return failures.length === 0 ? 0 : 1;
  },
});
