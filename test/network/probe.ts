// SPDX-License-Identifier: Apache-2.0
// Child program of the tests here: one call, its outcome as JSON on stdout. Started inside a namespace, or many at once.
import BetterSqlite from 'better-sqlite3';
import * as net from '../../lib/binding/net';
import { allocateAddress, releaseAddress, wholePool } from '../../lib/network/address-pool';
import { bridgeOf, ensureBridge, removeBridge } from '../../lib/network/bridge';
import { bridgeElements, element, type Member, memberElements } from '../../lib/network/elements';
import { predefinedNetwork } from '../../lib/network/record';
import { tableName } from '../../lib/network/rules';
import { addElements, installTables, removeElements, removeTables, type Tables } from '../../lib/network/tables';
import { chooseSubnet } from '../../lib/network/subnet';
import { patience } from '../helpers/patience';

type StoreLike = { id: string; subnet: string };

const VERBS: Record<string, (...args: never[]) => unknown> = {
  ensureBridge: (store: StoreLike) => ensureBridge(tablesOf(store), bridgeConfig(store), { rules: true }),
  removeBridge: async (store: StoreLike) => {
    await removeBridge(bridgeConfig(store).name);
    await removeTables(tablesOf(store).name);
  },
  /** Does a second call open libnftables? */
  ensureTwice: async (store: StoreLike) => {
    await ensureBridge(tablesOf(store), bridgeConfig(store), { rules: true });
    return loadsNftables();
  },
  rewriteRules: (store: StoreLike) => installTables(tablesOf(store)),
  chooseSubnet: (wanted?: string) => chooseSubnet(wanted),
  addMember: (store: StoreLike, member: Member) => addElements(tablesOf(store), memberElements(tableName(store.id), member)),
  removeMember: (store: StoreLike, member: Member) => removeElements(memberElements(tableName(store.id), member)),
  addElement: (store: StoreLike, family: 'inet' | 'bridge', set: string, key: string, data?: string) =>
    addElements(tablesOf(store), [element(tableName(store.id), family, set, [Buffer.from(key, 'hex')], data === undefined ? {} : { data: [Buffer.from(data, 'hex')] })]),
  links: () => net.links(),
  usedSubnets: () => net.usedSubnets(),
  nft: (commands: string, json: boolean) => net.nft(commands, { json }),
  hasTable: (name: string) => net.hasTable('inet', name),
  sysctl: (key: string, value: string) => net.sysctl(key, value),
  deleteLink: (name: string) => net.deleteLink(name),
  nativeBridge: (request: { name: string; addresses: string[]; mtu?: number }) => net.ensureBridge(request),
  churn: (file: string, subnet: string, prefix: string, rounds: number) => churn(file, subnet, prefix, rounds),
};

function bridgeConfig(store: StoreLike) {
  return bridgeOf(predefinedNetwork({ marker: { version: 1, ...store } }, 'bridge'));
}

function tablesOf(store: StoreLike): Tables {
  const name = tableName(store.id);
  return { name, everything: async () => bridgeElements(name, bridgeConfig(store)) };
}

function loadsNftables(): boolean {
  return (process.report.getReport() as { sharedObjects: string[] }).sharedObjects.some((path) => path.includes('libnftables'));
}

/** Takes addresses and gives every other one back. */
function churn(file: string, subnet: string, prefix: string, rounds: number): string[] {
  const db = new BetterSqlite(file, { timeout: patience(30_000) });
  const got: string[] = [];
  for (let i = 0; i < rounds; i++) {
    const address = allocateAddress(db, wholePool('bridge', subnet), `${prefix}-${i}`);
    if (i % 2 === 0) got.push(`${prefix}-${i} ${address}`);
    else releaseAddress(db, `${prefix}-${i}`);
  }
  db.close();
  return got;
}

async function main(): Promise<void> {
  const [verb = '', args = '[]'] = process.argv.slice(2);
  let answer: unknown;
  try {
    answer = { value: await VERBS[verb]!(...(JSON.parse(args) as never[])) };
  } catch (error) {
    const { message, code, errno, syscall, path, hint, name } = error as Record<string, unknown>;
    answer = { error: { message, code, errno, syscall, path, hint, name } };
  }
  process.stdout.write(JSON.stringify(answer));
}

void main();
