// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';

/** 256 random bits as 64 hex digits, the form of Docker's ids. */
export function randomId(): string {
  return randomBytes(32).toString('hex');
}

/** The 12 digits people see. */
export function shortId(id: string): string {
  return id.slice(0, 12);
}
