// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';

/** A volume's name, which becomes that of a directory. @throws E_INVALID in Docker's words */
export function checkVolumeName(name: string): string {
  if (typeof name === 'string' && /^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}$/.test(name)) return name;
  if (/^[a-zA-Z0-9]$/.test(name)) {
    throw new DockerliteError('E_INVALID', `create ${name}: volume name is too short, names should be at least two alphanumeric characters`);
  }
  throw new DockerliteError(
    'E_INVALID',
    `create ${name}: ${JSON.stringify(name)} includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
  );
}
