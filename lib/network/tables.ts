// SPDX-License-Identifier: Apache-2.0
import * as net from '../binding/net';
import type { NftElement } from '../binding/types';
import type { DockerliteError } from '../errors';
import { ruleMarks, tableRules } from './rules';

/** A store's tables in nftables, and what belongs into them when they have to be made anew. */
export interface Tables {
  name: string;
  /** Everything the store's rows say: asked for when somebody has flushed the rules. */
  everything(): Promise<NftElement[]>;
}

const ENOENT = 2;
const EEXIST = 17;
const EBUSY = 16;

/** Elements in one transaction. */
const AT_ONCE = 512;

/** Makes the elements be there, and the tables if they are missing: a reboot or a flushed firewall takes them. */
export async function addElements(tables: Tables, elements: NftElement[]): Promise<void> {
  try {
    await send(elements);
  } catch (error) {
    const { errno } = error as DockerliteError;
    if (errno === ENOENT) {
      await installTables(tables);
    } else if (errno === EEXIST || errno === EBUSY) {
      // Left by a container whose supervisor was killed: what it had was given to this one.
      await removeElements(elements);
    } else {
      throw error;
    }
    await send(elements);
  }
}

/** Fine when they are not there. */
export async function removeElements(elements: NftElement[]): Promise<void> {
  for (const part of inParts(elements)) await net.sendBatch(net.encodeElements('delete', part), { lenient: true });
}

/** Writes the tables' rules, as they are to be, and puts in what is missing. */
export async function installTables({ name, everything }: Tables): Promise<void> {
  await net.nft(tableRules(name), {});
  await restoreElements(await everything());
}

export async function hasTables(name: string): Promise<boolean> {
  return (await net.hasTable('inet', name)) && (await net.hasTable('bridge', name));
}

/** Chains, as "FAMILY CHAIN", whose rules are not those that installTables writes: somebody has taken some out, or put others in. */
export async function changedChains(name: string): Promise<string[]> {
  const there = { inet: await net.listRules('inet', name), bridge: await net.listRules('bridge', name) };
  const isChanged = ({ family, chain, marks }: ReturnType<typeof ruleMarks>[number]) => there[family].filter((rule) => rule.chain === chain).map(({ comment }) => comment).join() !== marks.join();
  return ruleMarks().filter(isChanged).map(({ family, chain }) => `${family} ${chain}`);
}

/** Those of the elements that are not in their sets. */
export async function missingElements(elements: NftElement[]): Promise<NftElement[]> {
  const sets = new Map<string, Set<string>>();
  for (const { family, table, set } of elements) {
    if (sets.has(`${family} ${set}`)) continue;
    const keys = await net.listKeys({ family, table, set, key: Buffer.alloc(0) }).catch(ifAbsent<Buffer[]>([]));
    sets.set(`${family} ${set}`, new Set(keys.map((key) => key.toString('hex'))));
  }
  return elements.filter(({ family, set, key }) => !sets.get(`${family} ${set}`)!.has(key.toString('hex')));
}

/** Puts in those that are not there; one that differs from what is there is somebody else's news. */
export async function restoreElements(elements: NftElement[]): Promise<void> {
  for (const part of inParts(elements)) await net.sendBatch(net.encodeElements('add', part), { lenient: true });
}

/** Fine when they are not there. */
export async function removeTables(name: string): Promise<void> {
  for (const family of ['inet', 'bridge'] as const) {
    // Adding first makes deleting one that is missing no error.
    if (await net.hasTable(family, name)) await net.nft(`add table ${family} ${name}\ndelete table ${family} ${name}\n`, {});
  }
}

function ifAbsent<T>(value: T): (error: unknown) => T {
  return (error) => {
    if ((error as DockerliteError).errno === ENOENT) return value;
    throw error;
  };
}

async function send(elements: NftElement[]): Promise<void> {
  for (const part of inParts(elements)) await net.sendBatch(net.encodeElements('add', part), {});
}

/** Some thousands of them do not fit one message queue. */
export function inParts(elements: NftElement[]): NftElement[][] {
  return Array.from({ length: Math.ceil(elements.length / AT_ONCE) }, (_, i) => elements.slice(i * AT_ONCE, (i + 1) * AT_ONCE));
}
