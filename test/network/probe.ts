// SPDX-License-Identifier: Apache-2.0
// Child program of the tests here: one call, its outcome as JSON on stdout. Started inside a namespace, or many at once.
import BetterSqlite from 'better-sqlite3';
import * as net from '../../lib/binding/net';
import { allocateAddress, releaseAddress } from '../../lib/network/address-pool';
import { bridgeConfig, ensureBridge, removeBridge } from '../../lib/network/bridge';
import { bridgeRules } from '../../lib/network/rules';
import { chooseSubnet } from '../../lib/network/subnet';

type StoreLike = { id: string; subnet: string };

const VERBS: Record<string, (...args: never[]) => unknown> = {
  ensureBridge: (store: StoreLike) => ensureBridge(bridgeConfig(store)),
  removeBridge: (store: StoreLike) => removeBridge(bridgeConfig(store)),
  /** Does a second call open libnftables? */
  ensureTwice: async (store: StoreLike) => {
    await ensureBridge(bridgeConfig(store));
    return loadsNftables();
  },
  rewriteRules: (store: StoreLike) => net.nft(bridgeRules(bridgeConfig(store)), {}),
  chooseSubnet: (wanted?: string) => chooseSubnet(wanted),
  links: () => net.links(),
  usedSubnets: () => net.usedSubnets(),
  nft: (commands: string, json: boolean) => net.nft(commands, { json }),
  hasTable: (name: string) => net.hasTable(name),
  sysctl: (key: string, value: string) => net.sysctl(key, value),
  deleteLink: (name: string) => net.deleteLink(name),
  nativeBridge: (request: { name: string; address: string; mtu?: number }) => net.ensureBridge(request),
  churn: (file: string, subnet: string, prefix: string, rounds: number) => churn(file, subnet, prefix, rounds),
};

function loadsNftables(): boolean {
  return (process.report.getReport() as { sharedObjects: string[] }).sharedObjects.some((path) => path.includes('libnftables'));
}

/** Takes addresses and gives every other one back. */
function churn(file: string, subnet: string, prefix: string, rounds: number): string[] {
  const db = new BetterSqlite(file, { timeout: 30_000 });
  const got: string[] = [];
  for (let i = 0; i < rounds; i++) {
    const address = allocateAddress(db, subnet, `${prefix}-${i}`);
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
