// SPDX-License-Identifier: Apache-2.0

const BLOCK = 512;
/** Of everything: the same content is the same archive. */
const MTIME = 1_700_000_000;

export interface TarEntry {
  name: string;
  type: 'file' | 'directory' | 'link';
  content?: Buffer;
  /** Of a symbolic link. */
  target?: string;
}

/** A ustar archive of these entries, in their order. */
export function tarOf(entries: Iterable<TarEntry>): Buffer {
  const pieces: Buffer[] = [];
  for (const entry of entries) {
    const size = entry.content?.length ?? 0;
    pieces.push(header(entry, size));
    if (entry.content !== undefined) pieces.push(entry.content, Buffer.alloc(-size & (BLOCK - 1)));
  }
  return Buffer.concat([...pieces, Buffer.alloc(2 * BLOCK)]);
}

function header({ name, type, target = '' }: TarEntry, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, width: number) => block.write(`${value.toString(8).padStart(width - 1, '0')}\0`, at);
  block.write(name, 0, 100);
  octal(type === 'file' ? 0o644 : 0o755, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(MTIME, 136, 12);
  block.fill(' ', 148, 156);
  block.write({ file: '0', directory: '5', link: '2' }[type], 156);
  block.write(target, 157, 100);
  block.write('ustar\u000000', 257);
  const sum = block.reduce((all, byte) => all + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}
