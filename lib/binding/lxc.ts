// SPDX-License-Identifier: Apache-2.0
import { loadAddon } from './load';

/** liblxc's version, '' when it is not installed. */
export function lxcVersion(): string {
  try {
    return loadAddon('dockerlite-lxc').version();
  } catch {
    return '';
  }
}

/** Whether the installed liblxc knows a configuration key, lxc.container.conf(5). */
export function isConfigItemSupported(key: string): boolean {
  return loadAddon('dockerlite-lxc').isConfigItemSupported(key);
}
