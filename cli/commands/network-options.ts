// SPDX-License-Identifier: Apache-2.0
import { checkHost, checkServer, checkWord, type NetworkingOptions } from '../../lib/containers/networking';
import { checkLink, checkMac, type EndpointOptions } from '../../lib/network/endpoint';
import { readEgressFile } from '../../lib/network/egress-file';
import { parsePublish } from '../../lib/network/port-spec';
import { parseExpose } from '../../lib/util/ports';
import { type Args, type OptionSpecs, UsageError } from '../command';

/** What `run` and `create` take about networks. */
export const NETWORK_OPTIONS = {
  'add-host': { type: 'list', value: 'NAME:ADDRESS', describe: 'A line of /etc/hosts; host-gateway stands for the host' },
  dns: { type: 'list', value: 'ADDRESS', describe: "Name server instead of the host's" },
  'dns-option': { type: 'list', alias: 'dns-opt', value: 'OPTION', describe: 'Option of the resolver, e.g. timeout:1' },
  'dns-search': { type: 'list', value: 'DOMAIN', describe: 'Domain to look for short names in; "." for none' },
  domainname: { type: 'string', value: 'DOMAIN', describe: 'Domain of the host name' },
  ip: { type: 'string', value: 'ADDRESS', describe: 'IPv4 address in the first network, e.g. 172.30.100.104' },
  ip6: { type: 'string', value: 'ADDRESS', describe: 'IPv6 address in the first network' },
  egress: { type: 'list', value: 'TARGET,…|FILE', describe: 'Where it may send to: all, none, or addresses, networks and names, each with a port or without, e.g. 192.0.2.0/24:443,*.example.org; or a file of those, one a line, as @FILE or /PATH' },
  expose: { type: 'list', value: 'PORT[-END][/PROTO]', describe: 'Ports besides the image\'s, for -P' },
  link: { type: 'list', value: 'CONTAINER[:ALIAS]', describe: 'A name of its own for another container' },
  'mac-address': { type: 'string', value: 'ADDRESS', describe: 'Hardware address, e.g. 02:42:ac:11:00:02' },
  network: { type: 'list', alias: 'net', value: 'NETWORK', describe: 'none, host, container:NAME, or networks by name, with options as name=NETWORK,alias=NAME,ip=ADDRESS (default "bridge")' },
  'network-alias': { type: 'list', alias: 'net-alias', value: 'NAME', describe: 'Further name to be found by in the first network' },
  publish: { type: 'list', alias: 'p', value: '[[IP:]PORT:]PORT[/PROTO]', describe: 'Make a port of the container reachable by one of the host; ranges, udp and sctp too' },
  'publish-all': { type: 'boolean', alias: 'P', default: false, describe: 'Publish every exposed port on one of the host\'s that is free' },
} as const satisfies OptionSpecs;

type NetworkArgs = Args<typeof NETWORK_OPTIONS>;

/** As the library takes it. @throws UsageError */
export function networkingOptions(args: NetworkArgs): NetworkingOptions {
  const network = args.network.map(parseNetwork);
  const twice = (flag: string, what: string, of: (endpoint: EndpointOptions) => unknown, given: boolean) => {
    if (given && network.some((each) => typeof each !== 'string' && of(each) !== undefined)) throw new UsageError(`conflicting options: cannot specify both ${flag} and per-network ${what}`);
  };
  twice('--network-alias', 'alias', ({ aliases }) => aliases, args['network-alias'].length > 0);
  twice('--ip', 'IPv4 address', ({ ip }) => ip, args.ip !== undefined);
  twice('--ip6', 'IPv6 address', ({ ip6 }) => ip6, args.ip6 !== undefined);
  checkEach('--dns', args.dns, checkServer);
  checkEach('--dns-search', args['dns-search'], checkWord);
  checkEach('--add-host', args['add-host'], checkHost);
  checkEach('--link', args.link, checkLink);
  checkAll(args.publish, parsePublish);
  checkAll(args.expose, parseExpose);
  checkAll(args['mac-address'] === undefined ? [] : [args['mac-address']], checkMac);
  if (args['network-alias'].length > 0 && ['none', 'host'].includes(args.network[0] ?? '')) throw new UsageError('network-scoped aliases are only supported for user-defined networks');
  return {
    ...(network.length > 0 && { network }),
    ...given({ ip: args.ip, ip6: args.ip6, macAddress: args['mac-address'], domainname: args.domainname }),
    ...(args.egress.length > 0 && { egress: egressPolicy(args.egress) }),
    networkAliases: args['network-alias'],
    links: args.link,
    dns: args.dns,
    dnsSearch: args['dns-search'],
    dnsOptions: args['dns-option'],
    extraHosts: args['add-host'],
    publish: args.publish,
    publishAll: args['publish-all'],
    expose: args.expose,
  };
}

/** What the library refuses, told with the flag and the usage as Docker's client does. @throws UsageError */
export function checkEach(flag: string, values: readonly string[], check: (value: string) => unknown): void {
  for (const value of values) {
    try {
      check(value);
    } catch (error) {
      throw invalidArgument(flag, value, (error as Error).message);
    }
  }
}

/** Docker's client reads these when it knows all flags: then it does not name the flag. @throws UsageError */
function checkAll(values: readonly string[], parse: (value: string) => unknown): void {
  try {
    values.forEach(parse);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function invalidArgument(flag: string, value: string, reason: string): UsageError {
  return new UsageError(`invalid argument ${JSON.stringify(value)} for "${flag}" flag: ${reason}`);
}

/** What is given, with files replaced by what they say. */
function egressPolicy(words: string[]): string[] {
  return words.flatMap((word) => word.split(',')).flatMap((word) => (/^(@|\.{0,2}\/)/.test(word) ? readEgressFile(word.replace(/^@/, '')) : [word]));
}

function given<T extends object>(object: T): Partial<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** A name, or comma-separated name=, alias=, ip=, ip6=, mac-address=, as Docker's long form. */
function parseNetwork(text: string): string | EndpointOptions {
  if (!text.includes('=')) return text;
  const invalid = (reason: string) => invalidArgument('--network', text, reason);
  const endpoint: EndpointOptions = { network: '' };
  const aliases: string[] = [];
  for (const field of text.split(',')) {
    const equals = field.indexOf('=');
    const [key, value] = [field.slice(0, Math.max(0, equals)).trim().toLowerCase(), field.slice(equals + 1).trim()];
    if (equals < 0) throw invalid(`invalid field ${field}`);
    if (key === 'name') endpoint.network = value;
    else if (key === 'alias') aliases.push(value);
    else if (key === 'ip') endpoint.ip = value;
    else if (key === 'ip6') endpoint.ip6 = value;
    else if (key === 'mac-address') endpoint.mac = value;
    else if (key !== 'driver-opt' && key !== 'gw-priority') throw invalid(`invalid field key ${key}`);
  }
  if (endpoint.network === '') throw invalid('network name/id is not specified');
  return { ...endpoint, ...(aliases.length > 0 && { aliases }) };
}
