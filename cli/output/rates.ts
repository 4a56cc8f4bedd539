// SPDX-License-Identifier: Apache-2.0

/** ms that a rate is taken over: shorter ones jump. */
const WINDOW = 3000;

/** Bytes a second of several counters, over the last seconds. */
export class Rates {
  private readonly samples = new Map<string, { at: number; bytes: number }[]>();

  /** The rate with this value; undefined while there is too little to tell. */
  add(key: string, bytes: number, now = Date.now()): number | undefined {
    const list = this.samples.get(key) ?? [];
    list.push({ at: now, bytes });
    while (list.length > 2 && (list[1] as { at: number }).at <= now - WINDOW) list.shift();
    this.samples.set(key, list);
    const [first] = list;
    if (first === undefined || now - first.at < 200 || bytes < first.bytes) return undefined;
    return ((bytes - first.bytes) * 1000) / (now - first.at);
  }
}
