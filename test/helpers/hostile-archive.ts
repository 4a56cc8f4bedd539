// SPDX-License-Identifier: Apache-2.0

export interface TarEntry {
  name: string | Buffer;
  /** tar's type flag: 0 file, 1 hard link, 2 symbolic link, 3 and 4 devices, 5 directory, 6 FIFO, S old GNU sparse. */
  type?: string;
  link?: string | Buffer;
  content?: string | Buffer;
  /** What the header says, whatever the content. */
  size?: number;
  mode?: number;
  uid?: number;
  mtime?: number;
  device?: [number, number];
  /** PAX records of this entry. */
  pax?: [string, string | Buffer][];
  /** Breaks the checksum. */
  damaged?: boolean;
}

const BLOCK = 512;

/** A tar file byte by byte: whatever it is told to say, as no archiver would. */
export function buildTar(entries: TarEntry[], end = true): Buffer {
  const parts = entries.flatMap((entry) => {
    const before = entry.pax === undefined ? [] : [header({ name: 'x', type: 'x' }, paxLength(entry.pax)), pad(paxRecords(entry.pax))];
    const content = Buffer.from(entry.content ?? '');
    return [...before, header(entry, entry.size ?? content.length), pad(content)];
  });
  return Buffer.concat([...parts, ...(end ? [Buffer.alloc(2 * BLOCK)] : [])]);
}

export function paxRecords(records: [string, string | Buffer][]): Buffer {
  return Buffer.concat(records.map(([key, value]) => paxRecord(key, Buffer.from(value as string))));
}

function paxLength(records: [string, string | Buffer][]): number {
  return paxRecords(records).length;
}

function paxRecord(key: string, value: Buffer): Buffer {
  const rest = key.length + value.length + 3;
  let total = rest + 1;
  while (total !== rest + String(total).length) total = rest + String(total).length;
  return Buffer.concat([Buffer.from(`${total} ${key}=`), value, Buffer.from('\n')]);
}

function header(entry: TarEntry, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  Buffer.from(entry.name as string).copy(block, 0, 0, 100);
  octal(block, 100, 8, entry.mode ?? (entry.type === '5' ? 0o755 : 0o644));
  octal(block, 108, 8, entry.uid ?? 0);
  octal(block, 116, 8, 0);
  octal(block, 124, 12, size);
  octal(block, 136, 12, entry.mtime ?? 1_000_000_000);
  block.write(entry.type ?? '0', 156);
  Buffer.from((entry.link ?? '') as string).copy(block, 157, 0, 100);
  block.write('ustar\x0000', 257);
  octal(block, 329, 8, entry.device?.[0] ?? 0);
  octal(block, 337, 8, entry.device?.[1] ?? 0);
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  octal(block, 148, 7, entry.damaged ? sum + 1 : sum);
  return block;
}

function octal(block: Buffer, at: number, length: number, value: number): void {
  block.write(value.toString(8).padStart(length - 1, '0'), at);
}

function pad(content: Buffer): Buffer {
  return Buffer.concat([content, Buffer.alloc(-content.length & (BLOCK - 1))]);
}
