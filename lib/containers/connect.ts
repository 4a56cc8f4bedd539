// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync, writeFileSync } from 'node:fs';
import * as net from '../binding/net';
import type { NftElement } from '../binding/types';
import type { Context } from '../context';
import type { EngineEvent } from '../events/event';
import type { Announced } from '../events/outbox';
import { DockerliteError } from '../errors';
import { addressesOf, leaveNetwork } from '../network/address-pool';
import { leaveNetwork6 } from '../network/address-pool6';
import { attach, type Attachment, attachmentElements, defaultRouteOf } from '../network/attachment';
import { bridgeOf, ensureBridge } from '../network/bridge';
import { egressElements } from '../network/egress-elements';
import { hardware } from '../network/elements';
import { type EndpointOptions, type EndpointSpec, normaliseEndpoint } from '../network/endpoint';
import { formatIpv4 } from '../network/ipv4';
import { formatIpv6 } from '../network/ipv6';
import { announceNetworkEvent } from '../network/network-events';
import { allNetworks, findNetwork, type Network } from '../network/record';
import { addElements, removeElements } from '../network/tables';
import type { Store } from '../store/store';
import { withLiveState } from './live-state';
import { nameFilesOf, networkOrders } from './network-setup';
import { attachmentsOf, tablesOf } from './network-state';
import { networkingOf, sharedNetworkOf } from './networking';
import { type ContainerRow, containerById, specOf } from './record';
import { reserveFixedAddresses } from './resolve-networks';
import { settleRow } from './settle';
import { withSupervisor } from './supervise';

/**
 * Connects a container to one more network: at once when it runs, and at each start from now on.
 * @throws E_NO_SUCH_NETWORK, E_CONFLICT, E_INVALID, E_ADDRESS_IN_USE, E_NO_ADDRESS
 */
export async function connectContainer(context: Context, row: ContainerRow, options: EndpointOptions): Promise<void> {
  const { store } = context;
  const network = findNetwork(store, options.network);
  requireBridge(network, row, 'connect');
  const endpoint = normaliseEndpoint({ ...options, network: network.name });
  const settled = (await settleRow(store, row)) ?? row;
  const place = enter(store, settled.id, network, endpoint);
  if (place !== undefined) await makePlace(context, settled.id, place.attachment, place.announced);
}

async function makePlace(context: Pick<Context, 'store'>, id: string, attachment: Attachment, announced: Announced): Promise<void> {
  const { store } = context;
  try {
    await plugIn(context, id, attachment);
  } catch (error) {
    store.db.transaction(() => {
      leave(store, id, attachment.network.name);
      announced.withdraw();
    });
    await net.deleteLink(attachment.veth).catch(() => undefined);
    await removeElements(elementsOn(store, id, attachment));
    await tellSupervisor(context, id).catch(() => undefined); // it may have heard of it
    throw error;
  }
  announced.tell();
}

/** @throws E_NO_SUCH_NETWORK, E_CONFLICT (it is not connected, without `force`) */
export async function disconnectContainer(context: Context, row: ContainerRow, wanted: string, options: { force?: boolean } = {}): Promise<void> {
  const { store } = context;
  const network = findNetwork(store, wanted);
  requireBridge(network, row, 'disconnect');
  const settled = (await settleRow(store, row)) ?? row;
  const attachment = attachmentIn(store, settled, network);
  const announced = attachment && store.db.transaction(() => announceNetworkEvent(store, network, 'disconnect', settled.id));
  const left = announced === undefined ? leave(store, settled.id, network.name) : await takePlace(context, settled.id, attachment!, announced);
  if (!left && options.force !== true) throw new DockerliteError('E_CONFLICT', `container ${settled.id} is not connected to network ${network.name}`);
}

/** False when somebody else has done it meanwhile. The address is given back last, when nothing has it any more. */
async function takePlace(context: Pick<Context, 'store'>, id: string, attachment: Attachment, announced: Announced): Promise<boolean> {
  const { store } = context;
  let left = false;
  try {
    await net.deleteLink(attachment.veth).catch(() => undefined); // it may have ended just now
    await removeElements(elementsOn(store, id, attachment));
    left = leave(store, id, attachment.network.name);
    if (left) await tellSupervisor(context, id);
  } finally {
    left ? announced.tell() : announced.withdraw();
  }
  return left;
}

/** Of one that runs. */
function attachmentIn(store: Store, row: ContainerRow, network: Network): Attachment | undefined {
  const running = ['running', 'paused'].includes(row.state);
  return running ? attachmentsOf(store, row).find((each) => each.network.name === network.name) : undefined;
}

/** Does the rest of what a process that was killed had begun with a container that runs. */
export async function finishConnection(context: Pick<Context, 'store'>, { Action, Actor }: EngineEvent, announced: Announced): Promise<void> {
  const { store } = context;
  const found = containerById(store, Actor.Attributes['container'] ?? '');
  const row = found && (await settleRow(store, found));
  const network = allNetworks(store).find(({ id }) => id === Actor.ID);
  const attachment = row && network && attachmentIn(store, row, network);
  if (row === undefined || attachment === undefined) return announced.tell();
  if (Action === 'disconnect') return void (await takePlace(context, row.id, attachment, announced));
  await net.deleteLink(attachment.veth).catch(() => undefined); // half of it may be there
  await makePlace(context, row.id, attachment, announced);
}

/** What lets a container into one more network, and what keeps it to its egress policy there. */
function elementsOn(store: Store, id: string, attachment: Attachment): NftElement[] {
  const table = tablesOf(store).name;
  const row = containerById(store, id);
  const egress = row && networkingOf(specOf(row)).egress;
  return [...egressElements(table, egress, [attachment]), ...attachmentElements(table, [attachment])];
}

function requireBridge(network: Network, row: ContainerRow, verb: 'connect' | 'disconnect'): void {
  const { network: mode } = specOf(row);
  if (network.driver !== 'bridge') {
    const text = verb === 'connect' ? `cannot connect container to ${network.name} network - container must be created in ${network.name} network` : `cannot disconnect container from ${network.name} network - container was created in ${network.name} network`;
    throw new DockerliteError('E_CONFLICT', text);
  }
  if (mode === 'none') throw new DockerliteError('E_CONFLICT', 'container cannot be connected to multiple networks with one of the networks in private (none) mode');
  if (mode !== 'host' && sharedNetworkOf(mode) === undefined) return;
  throw new DockerliteError('E_CONFLICT', 'container sharing network namespace with another container or host cannot be connected to any other network');
}

/** Notes the network in the container's specification; its place in it when it runs. */
function enter(store: Store, id: string, network: Network, endpoint: EndpointSpec): { attachment: Attachment; announced: Announced } | undefined {
  const { db } = store;
  return db.transaction(() => {
    const row = containerById(store, id);
    if (row === undefined) throw new DockerliteError('E_NO_SUCH_CONTAINER', `No such container: ${id}`);
    const spec = specOf(row);
    const networking = networkingOf(spec);
    if (networking.endpoints.some((each) => each.network === network.name)) {
      throw new DockerliteError('E_CONFLICT', `endpoint with name ${row.name} already exists in network ${network.name}`);
    }
    const next = { ...spec, networking: { ...networking, endpoints: [...networking.endpoints, endpoint] } };
    db.run('UPDATE containers SET spec = ? WHERE id = ?', JSON.stringify(next), id);
    if (row.state === 'starting') throw new DockerliteError('E_CONFLICT', `container ${row.name} is being started`);
    if (['running', 'paused'].includes(row.state)) {
      return { attachment: attach(db, network, endpoint, id, freeInterface(store, id)), announced: announceNetworkEvent(store, network, 'connect', id) };
    }
    reserveFixedAddresses(store, id, next);
    return undefined;
  });
}

function freeInterface({ db }: Store, id: string): number {
  const used = addressesOf(db.raw, id).map((entry) => entry.interface);
  const free = Array.from({ length: 36 }, (_, i) => i).find((i) => !used.includes(i));
  if (free === undefined) throw new DockerliteError('E_CONFLICT', 'a container can be in 36 networks at most');
  return free;
}

function leave(store: Store, id: string, network: string): boolean {
  const { db } = store;
  return db.transaction(() => {
    const row = containerById(store, id);
    if (row === undefined) return false;
    const spec = specOf(row);
    const networking = networkingOf(spec);
    const endpoints = networking.endpoints.filter((each) => each.network !== network);
    if (endpoints.length === networking.endpoints.length) return false;
    db.run('UPDATE containers SET spec = ? WHERE id = ?', JSON.stringify({ ...spec, ip: '', networking: { ...networking, endpoints } }), id);
    leaveNetwork(db.raw, id, network);
    leaveNetwork6(db, id, network);
    return true;
  });
}

/** The veth pair is made with one end in the container's namespace. */
async function plugIn(context: Pick<Context, 'store'>, id: string, attachment: Attachment): Promise<void> {
  const { store } = context;
  const tables = tablesOf(store);
  const { network, index, ip, ip6, mac, veth } = attachment;
  const bridge = bridgeOf(network);
  await ensureBridge(tables, bridge);
  await addElements(tables, elementsOn(store, id, attachment));
  const others = attachmentsOf(store, containerById(store, id)!);
  const outward = defaultRouteOf(others)?.network.name === network.name;
  const netns = await openNetns(context, id);
  try {
    await net.connectVeth(netns, {
      ...{ bridge: bridge.name, host: veth, name: `eth${index}`, hardware: hardware(mac) },
      addresses: [`${ip}/${bridge.subnet.prefix}`, ...(bridge.v6 ? [`${ip6}/${bridge.v6.subnet.prefix}`] : [])],
      gateways: outward ? [formatIpv4(bridge.gateway), ...(bridge.v6 ? [formatIpv6(bridge.v6.gateway)] : [])] : [],
    });
  } finally {
    closeSync(netns);
  }
  await tellSupervisor(context, id);
}

/** Open before the supervisor is asked whose it is: a number used again by another process is noticed. */
async function openNetns(context: Pick<Context, 'store'>, id: string): Promise<number> {
  const row = withLiveState(context.store, containerById(context.store, id)!);
  const fd = openSync(`/proc/${row.pid}/ns/net`, 'r');
  try {
    const { pid } = await withSupervisor(context, row, (supervisor) => supervisor.status());
    if (pid === row.pid) return fd;
    throw new DockerliteError('E_NOT_RUNNING', `Container ${id} is not running`);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** What is to be taken back when it ends, and the names it is found by, have changed. */
export async function tellSupervisor(context: Pick<Context, 'store'>, id: string): Promise<void> {
  const { store } = context;
  const row = containerById(store, id);
  if (row === undefined) return;
  const attachments = attachmentsOf(store, row);
  // In place: the container has them mounted.
  for (const [path, text] of Object.entries(nameFilesOf(store, id, specOf(row), attachments))) writeFileSync(path, text);
  await withSupervisor(context, row, (supervisor) => supervisor.setNetwork(networkOrders(store, row, attachments)));
}
