// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../../lib/errors';
import { defineCommand } from '../command';
import { compileTemplate } from '../output/template';

export default defineCommand({
  usage: '[OPTIONS] NETWORK [NETWORK...]',
  describe: 'Display detailed information on one or more networks',
  examples: [[`network inspect -f '{{(index .IPAM.Config 0).Subnet}}' backend`, 'its addresses']],
  options: {
    format: { type: 'string', alias: 'f', value: 'TEMPLATE', describe: "'json' or a Go template" },
    verbose: { type: 'boolean', alias: 'v', describe: 'Accepted for compatibility' },
  },
  operands: [1, Infinity],
  async run({ format, _: words }, io) {
    const render = format === undefined || format === '' ? undefined : compileTemplate(format === 'json' ? '{{json .}}' : format);
    const { networks } = await io.engine();
    const found: object[] = [];
    const failures: DockerliteError[] = [];
    for (const word of words) {
      try {
        found.push(await networks.inspect(word));
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
