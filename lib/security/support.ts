// SPDX-License-Identifier: Apache-2.0
import { hasUnifiedCgroups } from '../binding/features';
import { hasAppArmor } from './apparmor';
import type { Isolation } from './isolation';

/** What was asked for and this machine has not, which is left out, or what is dangerous; in Docker's words. */
export function isolationWarnings({ oomKillDisable, apparmor }: Partial<Isolation> = {}, hasMemoryLimit = false): string[] {
  const warnings: string[] = [];
  if (oomKillDisable && hasUnifiedCgroups()) warnings.push('Your kernel does not support OomKillDisable. OomKillDisable discarded.');
  else if (oomKillDisable && !hasMemoryLimit) warnings.push('OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources.');
  if (apparmor !== undefined && apparmor !== 'unconfined' && !hasAppArmor()) warnings.push(`AppArmor is not enabled on this machine. Profile ${apparmor} discarded.`);
  return warnings;
}
