// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import type { Isolation } from './isolation';

/**
 * What Docker's --security-opt list says; a seccomp profile is its JSON text.
 * @throws E_INVALID in Docker's words
 */
export function parseSecurityOptions(list: readonly string[]): Partial<Isolation> {
  const chosen: Partial<Isolation> = {};
  for (const option of list) {
    const [, key, value] = /^([^=:]+)(?:[=:]([^]*))?$/.exec(option) ?? [];
    switch (key) {
      case 'no-new-privileges':
        chosen.noNewPrivileges = value === undefined || parseBoolean(value, option);
        break;
      case 'seccomp':
        chosen.seccomp = required(value, option);
        break;
      case 'apparmor':
        chosen.apparmor = required(value, option);
        break;
      case 'systempaths':
        if (value !== 'unconfined') throw invalidOption(option);
        chosen.systemPathsUnconfined = true;
        break;
      case 'label':
      case 'disable':
        // SELinux's, as Docker without SELinux takes them: without effect.
        break;
      default:
        throw invalidOption(option);
    }
  }
  return chosen;
}

/** The words of Go's strconv.ParseBool. */
function parseBoolean(word: string, option: string): boolean {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(word)) return true;
  if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(word)) return false;
  throw invalidOption(option);
}

function required(value: string | undefined, option: string): string {
  if (value === undefined || value === '' || value.includes('\0')) throw invalidOption(option);
  return value;
}

function invalidOption(option: string): DockerliteError {
  return new DockerliteError('E_INVALID', `invalid --security-opt: ${JSON.stringify(option)}`);
}
