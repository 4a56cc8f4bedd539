// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';

/** The store's own tables, in the inet and bridge families. Nothing outside them is ever touched. */
export function tableName(storeId: string): string {
  return `dockerlite_dl${storeId.slice(0, 8)}`;
}

/**
 * The tables as nft commands, applied as one transaction, so nobody ever sees half of them; applied again, they leave the
 * same rules and keep the elements. Nothing here grows with networks or containers: those are elements (elements.ts).
 *
 * Docker's rules have the same meaning: containers reach the outside, nobody reaches them from there or from other
 * networks but through a published port or as an answer.
 */
export function tableRules(name: string): string {
  return tables().map((table) => commands(`${table.family} ${name}`, table)).join('\n');
}

/** By which a rule is known when the tables are looked at: its comment there, in the order of its chain. */
export function ruleMarks(): { family: Table['family']; chain: string; marks: string[] }[] {
  return tables().flatMap(({ family, chains }) => Object.entries(chains).map(([chain, { rules }]) => ({ family, chain, marks: rules.map(mark) })));
}

function tables(): Table[] {
  return [inetTable(), bridgeTable()];
}

interface Chain {
  hook?: string;
  rules: string[];
}

interface Table {
  family: 'inet' | 'bridge';
  sets: Record<string, string>;
  chains: Record<string, Chain>;
}

function commands(name: string, { sets, chains }: Table): string {
  const add = Object.entries(chains).map(([chain, { hook }]) => `add chain ${name} ${chain}${hook === undefined ? '' : ` { type ${hook}; }`}`);
  const flush = Object.keys(chains).map((chain) => `flush chain ${name} ${chain}`);
  const rules = Object.entries(chains).flatMap(([chain, { rules: list }]) => list.map((rule) => `add rule ${name} ${chain} ${rule} comment "${mark(rule)}"`));
  const kinds = Object.entries(sets).map(([set, spec]) => `add ${spec.includes(' : ') ? 'map' : 'set'} ${name} ${set} { ${spec}; }`);
  return [`add table ${name}`, ...kinds, ...add, ...flush, ...rules, ''].join('\n');
}

/** How nftables shows a rule depends on its version; a comment it keeps as it is. */
function mark(rule: string): string {
  return createHash('sha256').update(rule).digest('hex').slice(0, 8);
}

/** `special`: addresses of the link, of the machine, and of clouds' metadata services, also as NAT64 and IPv6 have them. */
const FAMILIES = [
  { n: 4, ip: 'ip', type: 'ipv4_addr', special: '{ 0.0.0.0/8, 100.100.100.200, 127.0.0.0/8, 168.63.129.16, 169.254.0.0/16, 224.0.0.0/3 }' },
  { n: 6, ip: 'ip6', type: 'ipv6_addr', special: '{ ::/96, ::ffff:0:0/96, 64:ff9b::7f00:0/104, 64:ff9b::a9fe:0/112, fd00:c1::/32, fd00:ec2::/32, fd20:ce::/32, fe80::/10, ff00::/8 }' },
] as const;
type FamilyRules = (typeof FAMILIES)[number];

function perFamily(make: (family: FamilyRules) => string[]): string[] {
  return FAMILIES.flatMap(make);
}

function inetTable(): Table {
  const publishing = perFamily(({ n, ip }) => [
    `meta nfproto ipv${n} fib daddr type local dnat ${ip} to ${ip} daddr . meta l4proto . th dport map @published_on${n}`,
    `meta nfproto ipv${n} fib daddr type local dnat ${ip} to meta l4proto . th dport map @published${n}`,
  ]);
  const sets = Object.assign(
    { bridges: 'type ifname', local: 'type ifname . ifname', internal: 'type ifname' },
    ...FAMILIES.map(({ n, type }) => ({
      [`published${n}`]: `type inet_proto . inet_service : ${type} . inet_service`,
      [`published_on${n}`]: `type ${type} . inet_proto . inet_service : ${type} . inet_service`,
    })),
    ...FAMILIES.map(egressSets),
  ) as Record<string, string>;
  const chains = {
    // Since the bridges route to 127.0.0.0/8 (see bridge.ts), a container could otherwise reach what listens there only.
    martians: { hook: 'filter hook prerouting priority raw', rules: ['iifname @bridges ip daddr 127.0.0.0/8 drop'] },
    prerouting: { hook: 'nat hook prerouting priority dstnat', rules: ['iifname @internal return', ...publishing] },
    // The kernel routes from 127.0.0.1 to a container, but not from ::1.
    output: { hook: 'nat hook output priority -100', rules: ['ip6 daddr ::1 return', ...publishing] },
    postrouting: {
      hook: 'nat hook postrouting priority srcnat',
      rules: ['iifname @bridges oifname != @bridges masquerade', 'iifname . oifname @local ct status dnat masquerade', 'oifname @bridges ip saddr 127.0.0.0/8 masquerade'],
    },
    ...Object.assign({}, ...FAMILIES.map((family) => egressChains(family, true))),
    input: {
      hook: 'filter hook input priority filter',
      rules: [
        'iifname != @bridges accept',
        'ct state established,related accept',
        'iifname @internal fib daddr type local fib daddr . iif type != local drop',
        'icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept',
        ...perFamily(({ n, ip }) => [`${ip} saddr @restricted${n} jump host${n}`]),
      ],
    },
    forward: {
      hook: 'filter hook forward priority filter',
      rules: [
        'iifname != @bridges oifname != @bridges accept',
        'ct state established,related accept',
        ...perFamily(({ n, ip }) => [`${ip} saddr @restricted${n} jump egress${n}`]),
        'iifname . oifname @local accept',
        'iifname @internal drop',
        'oifname @internal drop',
        'oifname @bridges ct status dnat accept',
        'oifname @bridges drop',
      ],
    },
  };
  return { family: 'inet', sets, chains };
}

/** Frames between containers of one bridge never come to the inet family; here is decided about them. */
function bridgeTable(): Table {
  const sender = 'iifname . ether saddr';
  const sets = Object.assign(
    {
      ports: 'type ifname',
      members4: 'type ifname . ether_addr . ipv4_addr',
      members6: 'type ifname . ether_addr . ipv6_addr',
      targets6: `typeof ${sender} . @th,64,128`,
    },
    ...FAMILIES.map(egressSets),
  ) as Record<string, string>;
  const chains = {
    // Before the bridge learns where an address is.
    prerouting: {
      hook: 'filter hook prerouting priority -350',
      rules: [
        'iifname != @ports accept',
        `${sender} . arp saddr ip != @members4 drop`,
        'iifname . arp saddr ether . arp saddr ip != @members4 drop',
        'ether type arp accept',
        `${sender} . ip saddr @members4 accept`,
        // Who has no address yet asks whether it is free, and nothing else.
        'ip6 saddr :: icmpv6 type != { nd-neighbor-solicit, mld2-listener-report } drop',
        'ip6 saddr :: meta l4proto != icmpv6 drop',
        'icmpv6 type nd-router-advert drop',
        `icmpv6 type nd-neighbor-advert ${sender} . @th,64,128 != @targets6 drop`,
        `${sender} . ip6 saddr @members6 accept`,
        'drop',
      ],
    },
    ...Object.assign({}, ...FAMILIES.map((family) => egressChains(family, false))),
    forward: {
      hook: 'filter hook forward priority filter',
      rules: [
        'icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept',
        ...perFamily(({ n, ip }) => [`${ip} saddr @restricted${n} jump egress${n}`]),
      ],
    },
  };
  return { family: 'bridge', sets, chains };
}

/** Per container with an egress policy: where it may go. Keys begin with its own address, which nobody else can send from. */
function egressSets({ n, type }: FamilyRules): Record<string, string> {
  return {
    [`restricted${n}`]: `type ${type}`,
    // Single addresses, whoever has them, and for a time those of containers that are allowed by name.
    [`exact${n}`]: `type ${type} . ${type}; flags timeout`,
    [`exact_port${n}`]: `type ${type} . ${type} . inet_service; flags timeout`,
    // Networks.
    [`allowed${n}`]: `type ${type} . ${type}; flags interval`,
    [`allowed_port${n}`]: `type ${type} . ${type} . inet_service; flags interval`,
    // What its names stand for at present, entered when it asks for them.
    [`named${n}`]: `type ${type} . ${type}; flags timeout`,
    [`named_port${n}`]: `type ${type} . ${type} . inet_service; flags timeout`,
    // What is refused: how much of each container, and of what it is told for a minute, slowly enough to fill nothing.
    [`denied${n}`]: `type ${type}; counter`,
    [`told${n}`]: `type ${type}; limit rate 10/second burst 50 packets`,
    [`refused${n}`]: `type ${type} . ${type} . inet_proto . inet_service; flags dynamic,timeout; timeout 1m; size 65535`,
  };
}

/** `routed`: of packets to the host and through it; otherwise of frames between containers of a bridge. */
function egressChains({ n, ip, special }: FamilyRules, routed: boolean): Record<string, Chain> {
  const to = `${ip} saddr . ${ip} daddr`;
  const ports = '{ tcp, udp, sctp }';
  const allow = (set: string) => [`${to} @${set}${n} return`, `meta l4proto ${ports} ${to} . th dport @${set}_port${n} return`];
  // Networks and names let out of the machine: what is in it, or on its links, has to be allowed by its address.
  const outside = [`oifname @bridges jump refuse${n}`, `${ip} daddr ${special} jump refuse${n}`, ...allow('allowed'), ...allow('named')];
  return {
    ...(routed && { [`host${n}`]: { rules: [...allow('exact'), `jump refuse${n}`] } }),
    [`egress${n}`]: { rules: [...allow('exact'), ...(routed ? outside : []), `jump refuse${n}`] },
    [`refuse${n}`]: {
      rules: [
        `${ip} saddr @told${n} meta l4proto ${ports} update @refused${n} { ${to} . meta l4proto . th dport }`,
        `${ip} saddr @told${n} meta l4proto != ${ports} update @refused${n} { ${to} . meta l4proto . 0 }`,
        `${ip} saddr @denied${n} drop`,
        'drop',
      ],
    },
  };
}
