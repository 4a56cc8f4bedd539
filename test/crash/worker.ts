// SPDX-License-Identifier: Apache-2.0
// A program of its own: does one random thing after the other in a store until it is told to stop, or killed.
import { DockerliteError, type ErrorCode } from '../../lib/errors';
import { Engine } from '../../lib/engine';
import type { Report } from './model';
import { chooseOperation, type Client, OPERATIONS } from './operations';
import { Random } from './random';
import { writeReport } from './report-log';

/** What may be answered when others remove, start, end and kill the same containers. */
const EXPECTED: ErrorCode[] = [
  ...(['E_NO_SUCH_CONTAINER', 'E_NO_SUCH_IMAGE', 'E_NOT_FOUND', 'E_CONFLICT', 'E_NOT_RUNNING'] as const),
  ...(['E_SUPERVISOR', 'E_START_FAILED', 'E_COMMAND_NOT_FOUND'] as const),
];

let stopping = false;
process.once('message', () => (stopping = true));

/** Where reports outlive this machine, if anywhere. */
const [root = '', name = '', directory = '', seed = '', reports] = process.argv.slice(2);

function tell(report: Report): Promise<void> {
  if (reports !== undefined) writeReport(Number(reports), name, report);
  return new Promise((resolve, reject) => process.send?.(report, (error: Error | null) => (error === null ? resolve() : reject(error))));
}

async function main(): Promise<void> {
  const engine = await Engine.open({ root, pool: 2 });
  const client: Client = { engine, name, directory, random: new Random(Number(seed)), tell };
  while (!stopping) await one(client);
  await engine.close();
  process.disconnect();
}

async function one(client: Client): Promise<void> {
  const operation = chooseOperation(client.random);
  await tell({ say: 'begin', operation });
  try {
    await OPERATIONS[operation](client);
    await tell({ say: 'ended', operation });
  } catch (error) {
    const vanished = (error as NodeJS.ErrnoException).code === 'ENOENT'; // the tree this test itself writes into
    const expected = vanished || (error instanceof DockerliteError && EXPECTED.includes(error.code));
    if (expected) await tell({ say: 'ended', operation: 'refused' });
    else await tell({ say: 'unexpected', operation, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}

void main();
