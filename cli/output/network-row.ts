// SPDX-License-Identifier: Apache-2.0
import type { NetworkSummary } from '../../lib/containers/networks';
import { shortId } from '../../lib/util/id';
import { goTime } from './duration';

/** What a template of `network ls` may name, in the order Docker's JSON has. */
export interface NetworkFields {
  CreatedAt: string;
  Driver: string;
  ID: string;
  IPv4: string;
  IPv6: string;
  Internal: string;
  /** `{{.Label "key"}}` in a template; not part of the JSON. */
  Label: (key?: unknown) => string;
  Labels: string;
  Name: string;
  Scope: string;
}

export const NETWORK_HEADINGS: NetworkFields = {
  CreatedAt: 'CREATED AT',
  Driver: 'DRIVER',
  ID: 'NETWORK ID',
  IPv4: 'IPV4',
  IPv6: 'IPV6',
  Internal: 'INTERNAL',
  Label: (key) => String(key ?? ''),
  Labels: 'LABELS',
  Name: 'NAME',
  Scope: 'SCOPE',
};

export function networkFields({ id, name, driver, created, internal, ipv6, labels }: NetworkSummary, full: boolean): NetworkFields {
  return {
    CreatedAt: goTime(created),
    Driver: driver,
    ID: full ? id : shortId(id),
    IPv4: 'true',
    IPv6: String(ipv6),
    Internal: String(internal),
    Label: (key) => (typeof key === 'string' && Object.hasOwn(labels, key) ? (labels[key] as string) : ''),
    Labels: Object.entries(labels).map(([key, value]) => `${key}=${value}`).join(','),
    Name: name,
    Scope: 'local',
  };
}
