// SPDX-License-Identifier: Apache-2.0
import type { EventType } from './journal';

/** Docker Engine API v1.44, EventMessage. */
export interface EngineEvent {
  Type: EventType;
  /** What happened, e.g. `create`, `die`, or `exec_start: COMMAND`. */
  Action: string;
  Actor: {
    /** Of the container, image or network; the name of a volume. */
    ID: string;
    Attributes: Record<string, string>;
  };
  scope: 'local';
  /** Seconds since the epoch. */
  time: number;
  /** ns since the epoch; a number in JSON. */
  timeNano: bigint;
}

/** A line of the journal; undefined for one that was cut. */
export function parseEvent(line: string): EngineEvent | undefined {
  // A number would have lost its last digits.
  const timeNano = /"timeNano":(\d{1,19})\}$/.exec(line)?.[1];
  if (timeNano === undefined) return undefined;
  try {
    return { ...(JSON.parse(line) as EngineEvent), timeNano: BigInt(timeNano) };
  } catch {
    return undefined;
  }
}

/** As the API has it. */
export function eventJson(event: EngineEvent): string {
  const { timeNano, ...rest } = event;
  return `${JSON.stringify(rest).slice(0, -1)},"timeNano":${timeNano}}`;
}
