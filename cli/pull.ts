// SPDX-License-Identifier: Apache-2.0
import { canonicalReference, familiarReference, parseRemoteReference } from '../lib/registry/reference';
import { interruptible } from './interruptible';
import type { Io } from './io';
import type { Output } from './output/output';
import { makeView, type ProgressKind } from './output/transfer';

export interface PullCommand {
  platform?: string | undefined;
  kind: ProgressKind;
}

/** Pulls an image as `pull` and, to stderr, `run` do; its full name, as Docker prints it. */
export async function pullWithView(io: Io, output: Output, name: string, { platform, kind }: PullCommand): Promise<{ name: string }> {
  const reference = parseRemoteReference(name);
  const view = makeView(kind, output);
  if (reference.tag === undefined && reference.digest === undefined && output.fd === 1) view.note('Using default tag: latest');
  const { images } = await io.engine();
  const { isNew } = await interruptible(async (signal) => {
    const transfer = images.pull(name, { platform, signal });
    for await (const event of transfer) view.show(event);
    return transfer.result;
  });
  view.note(`Status: ${isNew ? 'Downloaded newer image' : 'Image is up to date'} for ${familiarReference(reference)}`);
  return { name: canonicalReference(reference) };
}
