// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../../lib/errors';
import { defineCommand, UsageError } from '../command';
import { hostAddress } from '../output/ports';

export default defineCommand({
  usage: 'CONTAINER [PRIVATE_PORT[/PROTO]]',
  describe: 'List port mappings or a specific mapping for the container',
  examples: [
    ['port web', 'where each of its ports is published'],
    ['port web 80', 'where this one is'],
  ],
  options: {},
  operands: [1, 2],
  async run({ _: [name, wanted] }, io) {
    const { containers } = await io.engine();
    const ports = (await (await containers.get(name as string)).ports()).filter(({ publicPort }) => publicPort !== 0);
    if (wanted === undefined) {
      for (const { privatePort, type, ip, publicPort } of ports) io.print(`${privatePort}/${type} -> ${hostAddress(ip)}:${publicPort}`);
      return 0;
    }
    const [number = '', type = 'tcp'] = wanted.split('/');
    if (!/^\d{1,5}$/.test(number)) throw new UsageError(`invalid port: ${wanted}`, 1);
    const found = ports.filter((port) => port.privatePort === Number(number) && port.type === type);
    if (found.length === 0) throw new DockerliteError('E_NOT_FOUND', `No public port '${wanted}' published for ${name}`);
    for (const { ip, publicPort } of found) io.print(`${hostAddress(ip)}:${publicPort}`);
    return 0;
  },
});
