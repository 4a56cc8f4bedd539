// SPDX-License-Identifier: Apache-2.0

/** Of the text that files are cut from. */
const POOL = 16 * 1024 ** 2;
const WORDS = 5000;
/** Of the bytes; the rest is random, as what is compressed already. */
const TEXT_SHARE = 0.7;

let pool: Buffer | undefined;

/** The same numbers for the same seed (mulberry32). */
export class Random {
  constructor(private state: number) {}

  /** 32 bits. */
  bits(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** From 0 to 1. */
  fraction(): number {
    return this.bits() / 2 ** 32;
  }

  bytes(size: number): Buffer {
    const words = new Uint32Array(Math.ceil(size / 4));
    for (let i = 0; i < words.length; i++) words[i] = this.bits();
    return Buffer.from(words.buffer, 0, size);
  }
}

/** Sizes of `count` files that are `total` bytes together: most are small, as in any distribution, a few make up most of it. */
export function fileSizes(random: Random, total: number, count: number): number[] {
  const weights = Array.from({ length: count }, () => Math.exp(6 * random.fraction() ** 1.5));
  const sum = weights.reduce((all, weight) => all + weight, 0);
  return weights.map((weight) => Math.floor((weight / sum) * total));
}

/** What a file holds: text of words, frequent ones and rare ones, or bytes that nothing makes smaller. */
export function fileContent(random: Random, size: number): Buffer {
  if (random.fraction() >= TEXT_SHARE) return random.bytes(size);
  pool ??= textPool(new Random(1));
  const pieces: Buffer[] = [];
  for (let left = size; left > 0; ) {
    const start = Math.floor(random.fraction() * (POOL / 2));
    const piece = pool.subarray(start, start + Math.min(left, POOL / 2));
    pieces.push(piece);
    left -= piece.length;
  }
  return Buffer.concat(pieces);
}

function textPool(random: Random): Buffer {
  const words = Array.from({ length: WORDS }, () => Array.from({ length: 2 + (random.bits() % 9) }, () => String.fromCharCode(97 + (random.bits() % 26))).join(''));
  const text = Buffer.alloc(POOL);
  for (let at = 0; at < POOL; ) {
    const word = words[Math.floor(WORDS * random.fraction() ** 3)] as string;
    at += text.write(`${word}${random.bits() % 12 === 0 ? '\n' : ' '}`, at);
  }
  return text;
}
