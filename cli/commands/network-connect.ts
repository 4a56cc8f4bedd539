// SPDX-License-Identifier: Apache-2.0
import { checkLink } from '../../lib/network/endpoint';
import { defineCommand } from '../command';
import { checkEach } from './network-options';

export default defineCommand({
  usage: '[OPTIONS] NETWORK CONTAINER',
  describe: 'Connect a container to a network: at once when it runs',
  examples: [
    ['network connect backend web', 'with the next free address'],
    ['network connect --ip 10.5.0.9 --alias db backend postgres-1', 'with this one, found as db'],
  ],
  options: {
    alias: { type: 'list', value: 'NAME', describe: 'Further name to be found by in this network' },
    'driver-opt': { type: 'list', value: 'KEY=VALUE', describe: 'Accepted for compatibility' },
    ip: { type: 'string', value: 'ADDRESS', describe: 'IPv4 address' },
    ip6: { type: 'string', value: 'ADDRESS', describe: 'IPv6 address' },
    link: { type: 'list', value: 'CONTAINER[:ALIAS]', describe: 'A name of its own for another container' },
  },
  operands: [2, 2],
  async run({ alias, ip, ip6, link, _: [network, container] }, io) {
    checkEach('--link', link, checkLink);
    const { networks } = await io.engine();
    await networks.connect(network as string, container as string, { aliases: alias, links: link, ...(ip !== undefined && { ip }), ...(ip6 !== undefined && { ip6 }) });
  },
});
