// SPDX-License-Identifier: Apache-2.0
import { hasUnifiedCgroups } from '../binding/features';
import { hasAppArmor } from './apparmor';
import type { Isolation } from './isolation';

/** What was asked for and this machine has not, in Docker's words; it is left out. */
export function unsupported({ oomKillDisable, apparmor }: Partial<Isolation> = {}): string[] {
  return [
    ...(oomKillDisable && hasUnifiedCgroups() ? ['Your kernel does not support OomKillDisable. OomKillDisable discarded.'] : []),
    ...(apparmor !== undefined && apparmor !== 'unconfined' && !hasAppArmor() ? [`AppArmor is not enabled on this machine. Profile ${apparmor} discarded.`] : []),
  ];
}
