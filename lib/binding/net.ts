// SPDX-License-Identifier: Apache-2.0
import { loadAddon } from './load';
import { wrapped } from './native-error';
import type { BridgeRequest, LinkInfo, NetBinding } from './types';

/** dockerlite-net.node, loaded by the first call; errors come out as DockerliteError. See NetBinding for each call. */

let binding: NetBinding | undefined;

function net(): NetBinding {
  binding ??= loadAddon<NetBinding>('dockerlite-net');
  return binding;
}
