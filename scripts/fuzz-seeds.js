#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
'use strict';
// Writes what the fuzzers begin with, see fuzz.sh: small inputs that are almost right. usage: scripts/fuzz-seeds.js DIRECTORY

const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const zlib = require('node:zlib');
const { buildTar } = require('../dist/test/helpers/hostile-archive.js');

const directory = process.argv[2];
let count = 0;
function seed(target, ...parts) {
  fs.mkdirSync(path.join(directory, target), { recursive: true });
  fs.writeFileSync(path.join(directory, target, String(count++)), Buffer.concat(parts.map((part) => Buffer.from(part))));
}

const u16 = (value) => Buffer.from(Uint16Array.of(value).buffer);
const u32 = (value) => Buffer.from(Uint32Array.of(value).buffer);
const u64 = (value) => Buffer.from(BigUint64Array.of(BigInt(value)).buffer);
const field = (tag, value) => Buffer.concat([u16(tag), u16(0), u32(Buffer.from(value).length), Buffer.from(value)]);

// Layers and archives: what each kind of entry looks like, over the tree the fuzzer has there.
const file = (name, content = 'x') => ({ name, content });
const archives = [
  [file('f'), file('d/f'), { name: 'd/new/', type: '5' }, file('d/new/deep/x')],
  [file('.wh.f', ''), file('d/.wh..wh..opq', ''), file('d/.wh.e', ''), file('up/.wh.file', ''), file('host/.wh.file', '')],
  [file('up/x'), file('host/x'), file('root/x'), file('d/up/x'), file('l/x'), file('n/x'), file('loop/x')],
  [{ name: 's', type: '2', link: '../beside' }, file('s/x'), { name: 's', type: '5' }, file('s/y')],
  [{ name: 'hl', type: '1', link: 'd/file' }, { name: 'hl2', type: '1', link: 'up/file' }, { name: 'h', type: '1', link: 'f' }, file('hl', 'y')],
  [{ name: 'c', type: '3', device: [1, 3] }, { name: 'b', type: '4', device: [8, 0] }, { name: 'p', type: '6' }, file('../evil'), file('/abs')],
  [{ ...file('meta'), mode: 0o6755, uid: 1000, pax: [['SCHILY.xattr.user.a', 'b'], ['mtime', '-1.25'], ['SCHILY.acl.access', 'user::rwx,group::r-x,other::---,user:7:rwx,mask::rwx'], ['uid', '4294967294']] }],
  [{ name: 'sparse', content: '2\n0\n1\n100\n1\n'.padEnd(512, '\0') + 'ab', pax: [['GNU.sparse.major', '1'], ['GNU.sparse.minor', '0'], ['GNU.sparse.name', 'sparse'], ['GNU.sparse.realsize', '200']] }],
  [{ name: 'long'.repeat(20), pax: [['path', 'p/'.repeat(60) + 'x'], ['linkpath', 'q'.repeat(200)]], type: '2', link: 'q' }],
];
for (const entries of archives) {
  const tar = buildTar(entries);
  for (const options of [0, 1, 2, 3, 5, 8, 25, 35]) seed('unpack', [options], tar);
  seed('unpack', [1], zlib.gzipSync(tar));
}

// A header: an ACL, then type, name, numbers, and attributes.
for (const type of [0, 1, 2, 3, 5]) {
  const name = Buffer.from(type === 0 ? 'n'.repeat(300) : 'dir/nämé');
  const link = type === 1 || type === 2 ? [u16(4), 'link'] : [];
  const size = type === 0 ? [u64(2 ** 40)] : [];
  seed('pax', u16(28), u32(2), '\x01\0\x06\0\xff\xff\xff\xff'.repeat(3), [type], u16(name.length), name, ...link, u16(0o755), u32(0), u32(3000000), u32(1), u32(5), ...size, [1], [2], u16(1), 'a', u16(3), 'b\0c');
}

// Payloads, as the shim gets them, and the frames of the supervisor's protocol.
const filter = Buffer.alloc(16, 6);
const payload = Buffer.concat([field(1, 'sh'), field(1, '-c'), field(2, 'A=b'), field(3, '/'), field(4, 'root:0'), field(5, '7'), field(6, u32(6)), field(7, '7:1024:4096'), field(8, filter), field(9, u32(24)), field(10, u32(80)), field(11, u64(1)), field(12, 'net/ipv4/ip_forward=1'), field(13, 'c 1 3 /dev/null')]);
seed('payload', payload);
seed('payload', field(1, 'x'));
const frame = (type, body) => Buffer.concat([u32(body.length), u16(type), u16(0), body]);
seed('frame', frame(1, Buffer.concat([field(1, 'id'), field(2, '/run'), field(4, 'lxc.uts.name=x'), field(5, '/exit'), field(6, payload), field(7, u32(3)), field(8, u64(1 << 20)), field(12, 'a\0b'), field(73, 'n d 1.2.3.4 x'), field(70, 'nft')])));
for (const type of [2, 3, 4, 5, 6, 7, 8, 9, 10, 17, 18, 19]) seed('frame', frame(type, Buffer.concat([field(1, u32(15)), field(2, u32(24)), field(4, 'exec'), field(6, payload), field(20, u32(2))])), frame(6, Buffer.alloc(0)));

// Send streams without data: a checksum of zero is put right by the fuzzer.
const attribute = (type, value) => Buffer.concat([u16(type), u16(Buffer.from(value).length), Buffer.from(value)]);
const command = (type, ...attributes) => { const body = Buffer.concat(attributes); return Buffer.concat([u32(body.length), u16(type), u32(0), body]); };
const [PATH, TO, LINK] = [15, 16, 17];
const time = Buffer.concat([u64(1700000000), u32(5)]);
const commands = [
  command(2, attribute(PATH, 'snap'), attribute(1, Buffer.alloc(16, 1)), attribute(2, u64(7)), attribute(20, Buffer.alloc(16, 2)), attribute(21, u64(6))),
  command(3, attribute(PATH, 'o257-7-0'), attribute(3, u64(257))), command(9, attribute(PATH, 'o257-7-0'), attribute(TO, 'd/new')),
  command(4, attribute(PATH, 'd2')), command(8, attribute(PATH, 'l'), attribute(LINK, 'target'), attribute(3, u64(258))), command(10, attribute(PATH, 'h'), attribute(LINK, 'd/new')),
  command(9, attribute(PATH, 'd'), attribute(TO, 'd3')), command(11, attribute(PATH, 'gone')), command(12, attribute(PATH, 'gonedir')),
  command(13, attribute(PATH, 'd3/new'), attribute(13, 'security.capability'), attribute(14, 'x')), command(22, attribute(PATH, 'f'), attribute(18, u64(0)), attribute(4, u64(9))),
  command(17, attribute(PATH, 'f'), attribute(4, u64(9))), command(18, attribute(PATH, 'f'), attribute(5, u64(0o644))), command(19, attribute(PATH, 'f'), attribute(6, u64(0)), attribute(7, u64(0))),
  command(20, attribute(PATH, 'f'), attribute(12, time), attribute(10, time), attribute(11, time)),
];
const head = Buffer.concat([Buffer.from('btrfs-stream\0'), u32(1)]);
seed('send_stream', [63], head, ...commands, command(21));
for (const one of commands) seed('send_stream', [255], head, commands[0], one, command(21));
// What is applied has data, too.
for (const version of [1, 2]) {
  const data = version === 1 ? attribute(19, 'content') : Buffer.concat([u16(19), Buffer.from('content')]);
  seed('apply', Buffer.from('btrfs-stream\0'), u32(version), ...commands, command(15, attribute(PATH, 'd3/new'), attribute(18, u64(0)), data), command(21));
}

// Images that were sent: one and two, as they are, compressed, and what the fuzzer frames.
const crc32c = (bytes) => { let crc = 0; for (const byte of bytes) { crc ^= byte; for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0); } return crc >>> 0; };
const right = (one) => { const all = Buffer.from(one); all.writeUInt32LE(all.length - 10, 0); all.writeUInt32LE(crc32c(all), 6); return all; };
const stream = Buffer.concat([head, ...[...commands, command(21)].map(right)]);
const description = '{"version":1}';
const sent = Buffer.concat([Buffer.from('dockerlite-snap\n'), u32(1), u32(description.length), Buffer.from(description), stream]);
const image = Buffer.concat([sent, Buffer.from('dockerlite-done\n'), Buffer.from(crypto.createHash('sha256').update(sent).digest('hex'))]);
for (const how of [1, 3]) for (const bytes of [image, Buffer.concat([image, image]), zlib.gzipSync(image), sent, Buffer.alloc(0)]) seed('receive', [how], bytes);
for (const how of [0, 2]) seed('receive', [how], [description.length], description, stream, [0], stream);

// Questions and answers of DNS.
const labels = (name) => Buffer.concat([...name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])), Buffer.from([0])]);
const question = (name, type) => Buffer.concat([Buffer.from('123401000001000000000000', 'hex'), labels(name), Buffer.from([0, type, 0, 1])]);
for (const [name, type] of [['web', 1], ['WEB', 28], ['web.net.example', 255], ['alias', 1], ['2.0.30.172.in-addr.arpa', 12], ['other.example', 1], ['a'.repeat(63), 1]]) seed('dns', u16(question(name, type).length), question(name, type));
for (const record of ['c00c00010001000000ff000401020304', 'c00c0005000100000001000403776562c00cc02b000100010000000100040a000001', 'c00c001c0001ffffffff001020010db8000000000000000000000001']) {
  const asked = question('other.example', record.includes('001c') ? 28 : 1);
  const answer = Buffer.concat([asked, Buffer.from(record, 'hex')]);
  answer.writeUInt16BE(0x8180, 2);
  answer.writeUInt16BE(record.startsWith('c00c0005') ? 2 : 1, 6);
  seed('dns', u16(asked.length), asked, answer);
}
