// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';

/** The value of a filter that is true or false. @throws E_INVALID in Docker's words */
export function booleanFilter(key: string, value: string): boolean {
  if (['1', 'true'].includes(value)) return true;
  if (['0', 'false'].includes(value)) return false;
  throw new DockerliteError('E_INVALID', `invalid filter '${key}=${value}'`);
}
