// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { RawDatabase } from '../../lib/store/raw-database';
import { addressOf, allocateAddress, listAddresses, releaseAddress, setAddress, SQL, wholePool } from '../../lib/network/address-pool';
import { StateDatabase } from '../../lib/store/database';

const pool = (cidr: string) => wholePool('bridge', cidr);
const WIDE = pool('172.30.0.0/16');
/** Room for five: .2 to .6. */
const SMALL = pool('10.9.8.0/29');

describe('network/address-pool', function () {
  this.timeout(60_000);
  let directory: string;
  let state: StateDatabase;
  let db: RawDatabase;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'pool-'));
    state = StateDatabase.open(join(directory, 'state.db'), true);
    db = state.raw;
  });
  afterEach(() => {
    state.close();
    rmSync(directory, { recursive: true });
  });

  const fill = () => ['a', 'b', 'c', 'd', 'e'].map((id) => allocateAddress(db, SMALL, id));

  it('gives addresses in order, after the gateway', () => {
    assert.deepEqual(fill(), ['10.9.8.2', '10.9.8.3', '10.9.8.4', '10.9.8.5', '10.9.8.6']);
  });

  it('gives a container the address it has', () => {
    assert.equal(allocateAddress(db, WIDE, 'a'), '172.30.0.2');
    assert.equal(allocateAddress(db, WIDE, 'a'), '172.30.0.2');
    assert.deepEqual(addressOf(db, 'a', 'bridge'), { ip: '172.30.0.2', network: 'bridge', containerId: 'a', fixed: false, interface: 0 });
    assert.equal(allocateAddress(db, WIDE, 'a', '172.30.0.2'), '172.30.0.2');
    assert.equal(addressOf(db, 'a', 'bridge')?.fixed, true);
    assert.throws(() => allocateAddress(db, WIDE, 'a', '172.30.0.3'), { code: 'E_CONFLICT' });
  });

  it('does not give out at once what was just given back', () => {
    allocateAddress(db, WIDE, 'a');
    releaseAddress(db, 'a');
    assert.equal(allocateAddress(db, WIDE, 'b'), '172.30.0.3');
  });

  it('takes the one given back longest ago when the range is used up', () => {
    fill();
    for (const id of ['c', 'a', 'e']) releaseAddress(db, id);
    assert.deepEqual(['x', 'y', 'z'].map((id) => allocateAddress(db, SMALL, id)), ['10.9.8.4', '10.9.8.2', '10.9.8.6']);
  });

  it('says so when no address is left, and how to have more', () => {
    fill();
    assert.throws(() => allocateAddress(db, SMALL, 'f'), { code: 'E_NO_ADDRESS', message: /all 5 of 10\.9\.8\.0\/29/, hint: /--subnet/ });
    assert.throws(() => setAddress(db, SMALL, 'a'), { code: 'E_NO_ADDRESS' });
    assert.equal(addressOf(db, 'a', 'bridge')?.ip, '10.9.8.2');
    assert.equal(addressOf(db, 'f', 'bridge'), undefined);
    releaseAddress(db, 'b');
    assert.equal(allocateAddress(db, SMALL, 'f'), '10.9.8.3');
  });

  it('keeps fixed addresses out of what it gives', () => {
    assert.equal(allocateAddress(db, SMALL, 'fixed', '10.9.8.3'), '10.9.8.3');
    assert.deepEqual(['a', 'b'].map((id) => allocateAddress(db, SMALL, id)), ['10.9.8.2', '10.9.8.4']);
    assert.throws(() => allocateAddress(db, SMALL, 'c', '10.9.8.2'), { code: 'E_ADDRESS_IN_USE' });
    releaseAddress(db, 'fixed', { keepFixed: true });
    assert.equal(addressOf(db, 'fixed', 'bridge')?.ip, '10.9.8.3');
    releaseAddress(db, 'a', { keepFixed: true });
    assert.equal(addressOf(db, 'a', 'bridge'), undefined);
  });

  it('takes a given-back address as fixed and gives it to nobody else', () => {
    fill();
    releaseAddress(db, 'b');
    releaseAddress(db, 'd');
    allocateAddress(db, SMALL, 'fixed', '10.9.8.3');
    assert.equal(allocateAddress(db, SMALL, 'x'), '10.9.8.5');
    assert.throws(() => allocateAddress(db, SMALL, 'y'), { code: 'E_NO_ADDRESS' });
  });

  it('finds addresses again whose rows somebody deleted', () => {
    fill();
    db.exec("DELETE FROM addresses WHERE container_id IN ('a', 'b')");
    assert.deepEqual(['x', 'y'].map((id) => allocateAddress(db, SMALL, id)), ['10.9.8.2', '10.9.8.3']);
  });

  it('changes a container\'s address', () => {
    fill();
    releaseAddress(db, 'b');
    assert.throws(() => setAddress(db, SMALL, 'a', '10.9.8.4'), { code: 'E_ADDRESS_IN_USE' });
    assert.equal(setAddress(db, SMALL, 'a', '10.9.8.3'), '10.9.8.3');
    assert.equal(setAddress(db, SMALL, 'a', '10.9.8.3'), '10.9.8.3');
    assert.deepEqual(addressOf(db, 'a', 'bridge'), { ip: '10.9.8.3', network: 'bridge', containerId: 'a', fixed: true, interface: 0 });
    assert.equal(setAddress(db, SMALL, 'a'), '10.9.8.2');
    assert.equal(setAddress(db, SMALL, 'new'), '10.9.8.3');
    assert.deepEqual(listAddresses(db).map((entry) => `${entry.ip} ${entry.containerId}`), ['10.9.8.2 a', '10.9.8.3 new', '10.9.8.4 c', '10.9.8.5 d', '10.9.8.6 e']);
  });

  it('is part of the caller\'s transaction', () => {
    assert.throws(() => state.transaction(() => {
      allocateAddress(db, WIDE, 'a');
      allocateAddress(db, WIDE, 'b', '172.30.7.7');
      throw new Error('undo');
    }), /undo/);
    assert.deepEqual(listAddresses(db), []);
    assert.equal(allocateAddress(db, WIDE, 'a'), '172.30.0.2');
  });

  it('begins anew in another subnet', () => {
    allocateAddress(db, WIDE, 'a');
    assert.equal(allocateAddress(db, pool('10.1.0.0/16'), 'b'), '10.1.0.2');
    assert.equal(allocateAddress(db, pool('10.1.0.0/16'), 'c'), '10.1.0.3');
  });

  it('does not look through a full range to find one', () => {
    const taken = 20_000;
    state.transaction(() => {
      for (let i = 0; i < taken; i++) allocateAddress(db, WIDE, `c${i}`);
    });
    releaseAddress(db, 'c7');
    // The plans, not the clock: nothing sorts, and what looks for a row searches by key.
    for (const sql of Object.values(SQL).filter((text) => text.includes('WHERE'))) {
      const plan = JSON.stringify(db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...new Array(sql.split('?').length - 1).fill(1)));
      assert.match(plan, /SEARCH/, sql);
    }
    assert.doesNotMatch(JSON.stringify(db.prepare(`EXPLAIN QUERY PLAN ${SQL.oldest}`).all('bridge')), /TEMP B-TREE/);
    assert.equal(allocateAddress(db, WIDE, 'next'), '172.30.78.34');
  });

  it('never gives one address to two of many processes', async () => {
    const file = join(directory, 'state.db');
    const probe = join(__dirname, 'probe.js');
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) => promisify(execFile)(process.execPath, [probe, 'churn', JSON.stringify([file, '10.5.0.0/24', `p${i}`, 40])])),
    );
    const got = answers.flatMap(({ stdout }) => {
      const answer = JSON.parse(stdout) as { value?: string[]; error?: { message: string } };
      assert.equal(answer.error, undefined);
      return answer.value!;
    });
    assert.equal(got.length, 240);
    assert.equal(new Set(got.map((line) => line.split(' ')[1])).size, 240);
    assert.deepEqual(listAddresses(db).map((entry) => `${entry.containerId} ${entry.ip}`).sort(), got.sort());
  });

  const bad: [string, string, RegExp][] = [
    ['outside the subnet', '172.31.0.5', /^no configured subnet contains IP address 172\.31\.0\.5$/],
    ['the network address', '172.30.0.0', /network address/],
    ['the gateway', '172.30.0.1', /gateway/],
    ['the broadcast address', '172.30.255.255', /broadcast/],
    ['too few numbers', '172.30.1', /IPv4 address/],
    ['too many numbers', '172.30.1.1.1', /IPv4 address/],
    ['a number too large', '172.30.0.256', /IPv4 address/],
    ['leading zeros', '172.30.0.010', /IPv4 address/],
    ['spaces', ' 172.30.0.9', /IPv4 address/],
    ['a prefix', '172.30.0.9/16', /IPv4 address/],
    ['IPv6', '::1', /IPv4 address/],
    ['nothing', '', /IPv4 address/],
    ['other digits', '172.30.0.٣', /IPv4 address/],
  ];
  for (const [what, address, message] of bad) {
    it(`refuses ${what} as an address`, () => {
      assert.throws(() => allocateAddress(db, WIDE, 'a', address), { code: 'E_INVALID', message });
      assert.throws(() => setAddress(db, WIDE, 'a', address), { code: 'E_INVALID', message });
    });
  }
});
