// SPDX-License-Identifier: Apache-2.0
import type { Attachment } from './attachment';

/** How one container is connected: its own namespace without anything, another's, or bridges. */
export type Connection = { mode: 'none' } | { mode: 'host' } | { mode: 'container' } | { mode: 'bridge'; attachments: Attachment[] };

/**
 * The connection as liblxc's `key=value` pairs, lxc.container.conf(5). Interfaces are the supervisor's to make: liblxc would make the pair
 * on the host, bring it up, and have the kernel move one end of it, for twice the time.
 */
export function lxcNetwork({ mode }: Connection): string[] {
  if (mode === 'host') return ['lxc.net.0.type=none'];
  // liblxc is told with the other namespaces that are shared.
  if (mode === 'container') return [];
  // Up: liblxc then brings the loopback device up.
  return ['lxc.net.0.type=empty', 'lxc.net.0.flags=up'];
}
