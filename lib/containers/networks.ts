// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../context';
import { checkShape, FLAG, LIST, NAME, options as shape, TEXT, TEXT_OF_EACH, TEXTS_OF_EACH } from '../util/shape';
import { pruning } from '../events/prune';
import { DockerliteError } from '../errors';
import { booleanFilter } from '../util/boolean-filter';
import { checkAborted } from '../util/aborted';
import { hasLabel, matchesLabels } from '../util/labels';
import { createNetwork, type NetworkOptions } from '../network/create';
import type { EndpointOptions } from '../network/endpoint';
import { describeNetworkRecord, type NetworkInfo } from '../network/inspect';
import { allNetworks, findNetwork, type Network } from '../network/record';
import { membersOf, removeNetwork, settleNetworks } from '../network/remove';
import { connectContainer, disconnectContainer } from './connect';
import { endpointId } from './inspect-network';
import { attachmentsOf } from './network-state';
import { networkingOf } from './networking';
import { type ContainerRow, containerById, findContainer, specOf } from './record';
import { settle } from './settle';

export interface NetworkSummary {
  id: string;
  name: string;
  driver: string;
  /** ms since the epoch, 0 for a predefined one. */
  created: number;
  internal: boolean;
  ipv6: boolean;
  labels: Record<string, string>;
}

/** Docker's filters: driver, id, label, name, scope, type, dangling; values of one key are alternatives. */
export interface NetworkListOptions {
  filters?: Record<string, string[]>;
}

export interface NetworkPruneOptions {
  /** "label": with all of these; "label!": with none of them; "until": made before, ms since the epoch. */
  label?: string[];
  withoutLabel?: string[];
  until?: number;
  /** Leaves the rest. */
  signal?: AbortSignal;
}

const NETWORK = shape({ name: NAME, driver: TEXT, ipam: LIST, internal: FLAG, ipv6: FLAG, attachable: FLAG, labels: TEXT_OF_EACH, options: TEXT_OF_EACH });
const FILTERS = shape({ filters: TEXTS_OF_EACH });

/** The networks of a store, bridge, host and none among them. */
export class Networks {
  /** @internal */
  constructor(private readonly context: Context) {}

  /** @throws E_INVALID, E_NAME_IN_USE, E_CONFLICT (the subnet is in use) */
  async create(options: NetworkOptions): Promise<NetworkSummary> {
    checkShape('options', options, NETWORK);
    return summarise(await createNetwork(this.context.store, options));
  }

  /** By name. @throws E_INVALID for a filter Docker does not know either */
  async list(options: NetworkListOptions = {}): Promise<NetworkSummary[]> {
    checkShape('options', options, FILTERS);
    const { store } = this.context;
    await settleNetworks(store);
    const matches = compileFilters(options.filters ?? {}, (name) => this.isUsed(name));
    return allNetworks(store).filter(matches).map(summarise);
  }

  /** What `network inspect` shows. @throws E_NO_SUCH_NETWORK, E_AMBIGUOUS */
  async inspect(wanted: string): Promise<NetworkInfo> {
    const { store } = this.context;
    await settle(this.context);
    const network = findNetwork(store, wanted);
    const members = membersOf(store, network.name).flatMap(({ id, name }) => {
      const row = containerById(store, id);
      const attachment = row && attachmentsOf(store, row).find((each) => each.network.id === network.id);
      return row && attachment ? [{ id, name, endpointId: endpointId(row, network), attachment }] : [];
    });
    return describeNetworkRecord(network, members);
  }

  /** @throws E_NO_SUCH_NETWORK, E_INVALID (a predefined one), E_CONFLICT while containers are in it */
  async remove(wanted: string): Promise<void> {
    await settle(this.context);
    await settleNetworks(this.context.store);
    await removeNetwork(this.context.store, findNetwork(this.context.store, wanted));
  }

  /** Removes those that no container, running or not, is to be in; their names. */
  async prune(options: NetworkPruneOptions = {}): Promise<string[]> {
    const { store } = this.context;
    await settle(this.context);
    await settleNetworks(store);
    return pruning(store, 'network', async ({ removes }) => {
      const removed: string[] = [];
      for (const network of allNetworks(store)) {
        checkAborted(options.signal);
        if (network.predefined || this.isUsed(network.name) || !isPrunable(network, options)) continue;
        try {
          await removeNetwork(store, network, () => removes(0));
          removed.push(network.name);
        } catch (error) {
          // In use since, or removed by somebody else.
          if (!(error instanceof DockerliteError) || !['E_CONFLICT', 'E_NO_SUCH_NETWORK'].includes(error.code)) throw error;
        }
      }
      return removed;
    });
  }

  /** Connects a container to one more network. @throws E_NO_SUCH_NETWORK, E_NO_SUCH_CONTAINER, E_CONFLICT, E_INVALID, E_ADDRESS_IN_USE, E_NO_ADDRESS */
  async connect(network: string, container: string, options: Omit<EndpointOptions, 'network'> = {}): Promise<void> {
    await connectContainer(this.context, findContainer(this.context.store, container), { ...options, network });
  }

  /** @throws E_NO_SUCH_NETWORK, E_NO_SUCH_CONTAINER, E_CONFLICT when it is not connected, without `force` */
  async disconnect(network: string, container: string, options: { force?: boolean } = {}): Promise<void> {
    await disconnectContainer(this.context, findContainer(this.context.store, container), network, options);
  }

  private isUsed(name: string): boolean {
    const rows = this.context.store.db.all<ContainerRow>('SELECT * FROM containers');
    return rows.some((row) => networkingOf(specOf(row)).endpoints.some(({ network }) => network === name));
  }
}

function summarise({ id, name, driver, created, spec, v6 }: Network): NetworkSummary {
  return { id, name, driver, created, internal: spec.internal, ipv6: v6 !== undefined, labels: spec.labels };
}

function isPrunable({ created, spec: { labels } }: Network, { label = [], withoutLabel = [], until = Infinity }: NetworkPruneOptions): boolean {
  return created < until && matchesLabels(labels, { label, 'label!': withoutLabel });
}

function compileFilters(filters: Record<string, string[]>, isUsed: (name: string) => boolean): (network: Network) => boolean {
  const tests: Record<string, (network: Network, value: string) => boolean> = {
    driver: ({ driver }, value) => driver === value,
    id: ({ id }, value) => id.startsWith(value),
    name: ({ name }, value) => name.includes(value),
    label: ({ spec }, value) => hasLabel(spec.labels, value),
    scope: (_, value) => value === 'local',
    type: ({ predefined }, value) => (value === 'builtin') === predefined,
    dangling: ({ name, predefined }, value) => booleanFilter('dangling', value) === (!predefined && !isUsed(name)),
  };
  for (const [key, values] of Object.entries(filters)) {
    if (!Object.hasOwn(tests, key)) throw new DockerliteError('E_INVALID', `invalid filter '${key}'`);
    if (key === 'dangling') values.forEach((value) => booleanFilter(key, value));
    const bad = key === 'type' ? values.find((value) => !['builtin', 'custom'].includes(value)) : undefined;
    if (bad !== undefined) throw new DockerliteError('E_INVALID', `invalid filter: 'type'='${bad}'`);
  }
  return (network) => Object.entries(filters).every(([key, values]) => (key === 'label' ? values.every((value) => tests[key]!(network, value)) : values.some((value) => tests[key]!(network, value))));
}
