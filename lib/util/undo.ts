// SPDX-License-Identifier: Apache-2.0
import { systemError } from './system-error';

type Step = () => unknown;

/**
 * Collects how to take back each step of a change, next to the step itself. Leaving without `commit()` runs them in
 * reverse; a step that cannot be undone is reported beside the first error, never instead of it.
 */
export class Undo {
  private steps: Step[] = [];

  add(step: Step): void {
    this.steps.push(step);
  }

  commit(): void {
    this.steps = [];
  }

  async run(): Promise<unknown[]> {
    const failures: unknown[] = [];
    for (const step of this.steps.reverse()) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    this.steps = [];
    return failures;
  }
}

/** Runs `change`; when it throws, everything it added to the Undo is taken back first. */
export async function withUndo<T>(change: (undo: Undo) => Promise<T>): Promise<T> {
  const undo = new Undo();
  try {
    const result = await change(undo);
    undo.commit();
    return result;
  } catch (cause) {
    const error = systemError(cause);
    const failures = await undo.run();
    if (failures.length > 0 && error instanceof Error) {
      (error as Error & { undoFailures?: unknown[] }).undoFailures = failures;
    }
    throw error;
  }
}
