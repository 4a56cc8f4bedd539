// SPDX-License-Identifier: Apache-2.0

/** How far a layer is on its way from or to a registry. */
export type LayerState = 'waiting' | 'downloading' | 'downloaded' | 'extracting' | 'complete' | 'preparing' | 'pushing' | 'pushed' | 'mounted' | 'exists';

/** What happens while an image is pulled or pushed, for people and programs that watch. */
export type TransferEvent =
  | { kind: 'message'; /** The tag it is about. */ id?: string; text: string }
  | {
      kind: 'layer';
      /** Of the layer as the registry has it. */
      digest: string;
      state: LayerState;
      /** Bytes so far and altogether, where that is known. */
      current?: number;
      total?: number;
      /** Repository that a mounted layer came from. */
      from?: string;
    };

type Layer = Extract<TransferEvent, { kind: 'layer' }>;

/**
 * A pull or a push on its way. It goes on whether or not anybody watches: `for await` gives what happens, `result` what comes of
 * it. Of many numbers of one layer a slow reader gets the last. To stop it abort the signal it was given.
 */
export class Transfer<Result> implements AsyncIterable<TransferEvent> {
  readonly result: Promise<Result>;
  private queue: TransferEvent[] = [];
  private wake: (() => void) | undefined;
  private ended = false;

  constructor(work: (emit: (event: TransferEvent) => void) => Promise<Result>) {
    this.result = work((event) => this.emit(event)).finally(() => {
      this.ended = true;
      this.wake?.();
    });
    // Who only iterates hears of a failure there.
    this.result.catch(() => undefined);
  }

  /** What was not even begun. */
  static failed<Result>(error: unknown): Transfer<Result> {
    return new Transfer(() => Promise.reject(error));
  }

  /** @throws what `result` rejects with, after the last event */
  async *[Symbol.asyncIterator](): AsyncGenerator<TransferEvent> {
    for (;;) {
      const some = this.queue;
      this.queue = [];
      yield* some;
      if (this.queue.length > 0) continue;
      if (this.ended) break;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
    await this.result;
  }

  private emit(event: TransferEvent): void {
    if (event.kind === 'layer') this.dropOlder(event);
    this.queue.push(event);
    this.wake?.();
  }

  private dropOlder({ digest, state }: Layer): void {
    const same = (event: TransferEvent) => event.kind === 'layer' && event.digest === digest && event.state === state;
    const index = this.queue.findLastIndex(same);
    if (index >= 0) this.queue.splice(index, 1);
  }
}
