// SPDX-License-Identifier: Apache-2.0
import { isIP } from 'node:net';
import { DockerliteError } from '../../lib/errors';
import type { IpamConfig } from '../../lib/network/record';
import { defineCommand } from '../command';
import { parseLabels } from './label-option';
import { contains, parsePrefix, type Prefix } from './network-prefix';

export default defineCommand({
  usage: '[OPTIONS] NETWORK',
  describe: 'Create a network: a bridge of its own, where containers find each other by name',
  examples: [
    ['network create backend', 'with a free subnet'],
    ['network create --subnet 10.5.0.0/16 --ip-range 10.5.1.0/24 --gateway 10.5.0.1 backend', 'with these addresses'],
    ['network create --internal vault', 'nothing gets out of it'],
  ],
  options: {
    attachable: { type: 'boolean', default: false, describe: 'Accepted for compatibility: every network is' },
    'aux-address': { type: 'list', value: 'NAME=ADDRESS', describe: 'Address that no container is given' },
    driver: { type: 'string', alias: 'd', value: 'DRIVER', default: 'bridge', describe: 'Only "bridge" is there' },
    gateway: { type: 'list', value: 'ADDRESS', describe: "The bridge's own address; default the subnet's first" },
    internal: { type: 'boolean', default: false, describe: 'No way out of it, and no published ports' },
    'ip-range': { type: 'list', value: 'CIDR', describe: 'Part of the subnet to give addresses from' },
    'ipam-driver': { type: 'string', value: 'DRIVER', default: 'default', describe: 'Only "default" is there' },
    ipv6: { type: 'boolean', default: false, describe: 'With IPv6 addresses as well' },
    label: { type: 'list', value: 'KEY[=VALUE]', describe: 'Set metadata' },
    opt: { type: 'list', alias: 'o', value: 'KEY=VALUE', describe: 'Option of the driver: com.docker.network.driver.mtu' },
    subnet: { type: 'list', value: 'CIDR', describe: 'Addresses of the network; one of IPv4, one of IPv6' },
  },
  operands: [1, 1],
  async run(args, io) {
    if (args['ipam-driver'] !== 'default') throw refused(`could not find an address driver named ${JSON.stringify(args['ipam-driver'])}`);
    const { networks } = await io.engine();
    const network = await networks.create({
      name: args._[0] as string,
      driver: args.driver,
      ipam: ipamOf(args.subnet, args['ip-range'], args.gateway, parseLabels(args['aux-address'], '--aux-address')),
      internal: args.internal,
      ipv6: args.ipv6,
      attachable: args.attachable,
      labels: parseLabels(args.label, '--label'),
      options: parseLabels(args.opt, '-o, --opt'),
    });
    io.print(network.id);
  },
});

/** Which range, gateway and auxiliary address is in which subnet: the command line names them apart. */
function ipamOf(subnets: readonly string[], ranges: readonly string[], gateways: readonly string[], aux: Record<string, string>): Partial<IpamConfig>[] {
  if (subnets.length < ranges.length || subnets.length < gateways.length) throw refused('every ip-range or gateway must have a corresponding subnet');
  const configs = subnets.map((subnet) => ({ prefix: prefixOf(subnet, 'subnet'), subnet, ipRange: '', gateway: '', auxAddresses: {} as Record<string, string> }));
  for (const [i, a] of configs.entries()) {
    const overlapping = configs.slice(i + 1).some((b) => contains(a.prefix, b.prefix) || contains(b.prefix, a.prefix));
    if (overlapping) throw refused('multiple overlapping subnet configuration is not supported');
  }
  const owner = (text: string, what: string) => {
    const prefix = prefixOf(what === 'range' ? text : addressPrefix(text, what), what);
    const found = configs.find((config) => contains(config.prefix, prefix));
    if (found === undefined) throw refused(`no matching subnet for ${what} ${text}`);
    return found;
  };
  for (const range of ranges) {
    const config = owner(range, 'range');
    if (config.ipRange !== '') throw refused(`cannot configure multiple ranges (${range}, ${config.ipRange}) on the same subnet (${config.subnet})`);
    config.ipRange = range;
  }
  for (const gateway of gateways) {
    const config = owner(gateway, 'gateway');
    if (config.gateway !== '') throw refused(`cannot configure multiple gateways (${gateway}, ${config.gateway}) for the same subnet (${config.subnet})`);
    config.gateway = gateway;
  }
  for (const [name, address] of Object.entries(aux)) Object.defineProperty(owner(address, 'aux-address').auxAddresses, name, { value: address, enumerable: true });
  return configs.map(({ subnet, ipRange, gateway, auxAddresses }) => ({ subnet, ipRange, gateway, auxAddresses }));
}

function addressPrefix(text: string, what: string): string {
  if (isIP(text) === 0) throw refused(`no matching subnet for ${what} ${text}`);
  return `${text}/${isIP(text) === 4 ? 32 : 128}`;
}

function prefixOf(text: string, what: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix === undefined) throw refused(`${what === 'subnet' ? `invalid network config:\ninvalid subnet ${text}: ` : ''}invalid CIDR address: ${text}`);
  return prefix;
}

/** As Docker's client, which prints no usage here. */
function refused(message: string): DockerliteError {
  return new DockerliteError('E_INVALID', message);
}
