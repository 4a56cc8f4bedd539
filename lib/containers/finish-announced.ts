// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../context';
import { takeAnnounced } from '../events/outbox';
import { finishConnection } from './connect';
import { finishUpdate } from './update-running';

/** Does the rest of what processes that were killed had begun with containers that run. */
export async function finishAnnounced(context: Pick<Context, 'store'>): Promise<void> {
  for (const { event, announced } of takeAnnounced(context.store)) {
    const finish = event.Type === 'network' ? finishConnection : finishUpdate;
    await finish(context, event, announced).catch(() => undefined); // as it has just ended, for one: it has been taken back
  }
}
