// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync } from 'node:fs';
import { Engine } from '../../lib/engine';
import { storeOf, type TestEngine } from '../helpers/engine';
import { findings } from '../helpers/findings';

/** What is neither there nor not there. */
export async function halfMade(test: TestEngine): Promise<string[]> {
  // As the next command does it, whoever gives it.
  await using next = await Engine.open({ root: test.root, pool: 0 });
  await next.containers.list({ all: true });
  await next.volumes.list();
  const { db, layout } = storeOf(test.engine);
  const wrong = (await findings(test.engine)).map((finding) => `check finds ${JSON.stringify(finding)}`);
  for (const table of ['containers', 'images']) {
    const rows = db.all<{ id: string; state: string }>(`SELECT id, state FROM ${table} WHERE state IN ('creating', 'removing', 'starting')`);
    wrong.push(...rows.map(({ id, state }) => `${table}: ${id.slice(0, 12)} is ${state}`));
    const [{ count } = { count: -1 }] = db.all<{ count: number }>(`SELECT count(*) AS count FROM ${table}`);
    const trees = readdirSync(`${layout.root}/${table}`).length;
    if (trees !== count) wrong.push(`${trees} trees of ${count} ${table}`);
  }
  const volumes = db.all<{ name: string; state: string }>('SELECT name, state FROM volumes');
  wrong.push(...volumes.filter(({ state }) => state !== 'ready').map(({ name, state }) => `volumes: ${name} is ${state}`));
  const directories = existsSync(layout.volumes) ? readdirSync(layout.volumes).length : 0;
  if (directories !== volumes.length) wrong.push(`${directories} trees of ${volumes.length} volumes`);
  const work = readdirSync(layout.tmp);
  return work.length === 0 ? wrong : [...wrong, `in tmp/: ${work.join(' ')}`];
}

export async function removeEverything(test: TestEngine): Promise<void> {
  for (const { id } of await test.engine.containers.list({ all: true })) await (await test.engine.containers.get(id)).remove({ force: true });
  for (const { id, tags } of await test.engine.images.list()) {
    if (!tags.some((name) => /^(busybox|empty):/.test(name))) await test.engine.images.remove(id, { force: true });
  }
  await test.engine.volumes.prune({ all: true });
}
