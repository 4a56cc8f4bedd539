// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';

/** The profile in share/apparmor: used for every container once the administrator has loaded it. */
export const DEFAULT_PROFILE = 'dockerlite-default';

let loaded: Set<string> | undefined;

/** The profile that a container runs under, from what was asked for. */
export function appArmorProfile(wanted: string | undefined): string {
  if (wanted === 'unconfined' || !hasAppArmor()) return 'unconfined';
  return wanted ?? (loadedProfiles().has(DEFAULT_PROFILE) ? DEFAULT_PROFILE : 'unconfined');
}

export function hasAppArmor(): boolean {
  return existsSync('/sys/module/apparmor/parameters/enabled') && readFileSync('/sys/module/apparmor/parameters/enabled', 'latin1').startsWith('Y');
}

/** Loading one takes apparmor_parser, which is the administrator's; this process looks once. */
function loadedProfiles(): Set<string> {
  try {
    loaded ??= new Set(readFileSync('/sys/kernel/security/apparmor/profiles', 'utf8').split('\n').map((line) => line.replace(/ \(\w+\)$/, '')));
  } catch {
    loaded = new Set(); // securityfs is not mounted
  }
  return loaded;
}
