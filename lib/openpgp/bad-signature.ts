// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';

/** What signatures and keys that cannot be believed end with. */
export function badSignature(message: string, hint?: string): DockerliteError {
  return new DockerliteError('E_SIGNATURE', message, hint === undefined ? {} : { hint });
}
