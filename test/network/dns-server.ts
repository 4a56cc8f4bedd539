// SPDX-License-Identifier: Apache-2.0
import type { NetworkNamespace } from './netns';

/** What a server says to a question "NAME TYPE"; absent: no such name. */
export interface Zone {
  [question: string]: { type: 'A' | 'AAAA' | 'CNAME' | 'TXT'; data: string; owner?: string; ttl?: number }[];
}

/** A name server in a namespace of the test's own, by UDP (512 bytes) and TCP. */
export class DnsServer {
  private constructor(private readonly process: ReturnType<NetworkNamespace['start']>) {}

  static async start(space: NetworkNamespace, address: string, zone: Zone): Promise<DnsServer> {
    const process = space.start(`(${serve.toString()})(${JSON.stringify(address)}, ${JSON.stringify(zone)})`);
    if ((await process.line()) !== 'up') throw new Error('no name server');
    return new DnsServer(process);
  }

  /** The next question it was asked, as "udp NAME TYPE HEX". */
  question(): Promise<string> {
    return this.process.line();
  }

  stop(): Promise<void> {
    return this.process.stop();
  }
}

/** Runs in the namespace: its text is the program. */
function serve(address: string, zone: Zone): void {
  /* eslint-disable @typescript-eslint/no-require-imports */
  const dgram = require('node:dgram') as typeof import('node:dgram');
  const net = require('node:net') as typeof import('node:net');
  const TYPES: Record<string, number> = { A: 1, CNAME: 5, TXT: 16, AAAA: 28 };
  const wire = (name: string) => Buffer.concat([...name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])), Buffer.from([0])]);
  const v6 = (text: string) => {
    const [head = '', tail = ''] = text.split('::').map((part) => part.split(':').filter((group) => group !== '').map((group) => group.padStart(4, '0')).join(''));
    return Buffer.from(head + '0'.repeat(32 - head.length - tail.length) + tail, 'hex');
  };
  const bytesOf = (type: string, data: string) =>
    type === 'A' ? Buffer.from(data.split('.').map(Number)) : type === 'AAAA' ? v6(data) : type === 'CNAME' ? wire(data) : Buffer.concat([Buffer.from([data.length]), Buffer.from(data)]);
  const answer = (query: Buffer, how: string): Buffer => {
    const labels: string[] = [];
    let at = 12;
    for (; query[at] !== 0; at += query[at]! + 1) labels.push(query.toString('latin1', at + 1, at + 1 + query[at]!));
    const [name, type] = [labels.join('.'), query.readUInt16BE(at + 1)];
    const typeName = Object.keys(TYPES).find((key) => TYPES[key] === type) ?? String(type);
    process.stdout.write(`${how} ${name} ${typeName} ${query.toString('hex')}\n`);
    const records = zone[`${name.toLowerCase()} ${typeName}`];
    const head = Buffer.from(query.subarray(0, at + 5));
    head.writeUInt16BE(records === undefined ? 0x8183 : 0x8180, 2);
    head.writeUInt16BE(records?.length ?? 0, 6);
    head.fill(0, 8, 12);
    const body = (records ?? []).map(({ type: kind, data, owner, ttl = 60 }) => {
      const [bytes, rest] = [bytesOf(kind, data), Buffer.alloc(10)];
      rest.writeUInt16BE(TYPES[kind]!, 0);
      rest.writeUInt16BE(1, 2);
      rest.writeUInt32BE(ttl, 4);
      rest.writeUInt16BE(bytes.length, 8);
      return Buffer.concat([owner === undefined ? Buffer.from([0xc0, 12]) : wire(owner), rest, bytes]);
    });
    const whole = Buffer.concat([head, ...body]);
    if (how === 'tcp' || whole.length <= 512) return whole;
    head.writeUInt16BE(0x8380, 2);
    head.writeUInt16BE(0, 6);
    return head;
  };
  const socket = dgram.createSocket('udp4');
  socket.on('message', (query, from) => socket.send(answer(query, 'udp'), from.port, from.address));
  const server = net.createServer((stream) => {
    let held = Buffer.alloc(0);
    stream.on('error', () => undefined);
    stream.on('data', (data) => {
      held = Buffer.concat([held, data]);
      if (held.length < 2 || held.length < 2 + held.readUInt16BE(0)) return;
      const reply = answer(held.subarray(2, 2 + held.readUInt16BE(0)), 'tcp');
      const length = Buffer.alloc(2);
      length.writeUInt16BE(reply.length);
      stream.write(Buffer.concat([length, reply]));
      held = Buffer.alloc(0);
    });
  });
  socket.bind(53, address, () => server.listen(53, address, () => process.stdout.write('up\n')));
}
