// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';
import { parseLabels } from './label-option';

export default defineCommand({
  usage: '[OPTIONS] [VOLUME]',
  describe: 'Create a volume; without a name it gets one of its own',
  examples: [
    ['volume create data', 'a volume for `run -v data:/var/lib/data`'],
    ['volume create -o type=none -o o=bind -o device=/srv/data data', 'a name for a directory of the host'],
    ['volume create -o size=10G data', 'with a limit, where the store has simple quotas'],
  ],
  options: {
    driver: { type: 'string', alias: 'd', value: 'DRIVER', default: 'local', describe: 'Only "local" is there' },
    label: { type: 'list', value: 'KEY[=VALUE]', describe: 'Set metadata' },
    opt: { type: 'list', alias: 'o', value: 'KEY=VALUE', describe: 'Option of the driver: size, or type=none with o=bind and device' },
  },
  operands: [0, 1],
  async run({ driver, label, opt, _: [name] }, io) {
    const labels = parseLabels(label, '--label');
    const options = parseLabels(opt, '-o, --opt');
    const { volumes } = await io.engine();
    const volume = await volumes.create({ driver, options, labels, ...(name !== undefined && { name }) });
    io.print(volume.name);
  },
});
