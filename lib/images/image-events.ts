// SPDX-License-Identifier: Apache-2.0
import { type EventAttributes, recordEvent } from '../events/journal';
import { type Announced, announceEvent, postEvent } from '../events/outbox';
import { familiarName, familiarReference, type RemoteReference } from '../registry/reference';
import type { Store } from '../store/store';
import type { OciImage } from './record';

/** Of an image, with its labels while it is there and what it is called: a name, or its id where none is meant. In the transaction that changes it. */
export function postImageEvent(store: Pick<Store, 'db' | 'layout'>, action: string, id: string, name?: string, oci?: OciImage): void {
  postEvent(store, 'image', action, `sha256:${id}`, attributesOf(id, name, oci));
}

export function postImport(store: Pick<Store, 'db' | 'layout'>, id: string, tag: string | undefined, oci: OciImage): void {
  if (tag !== undefined) postImageEvent(store, 'tag', id, tag, oci);
  postImageEvent(store, 'import', id, undefined, oci);
}

/** The same of what changes nothing, before anybody gets to see anything of it. */
export function recordImageEvent(store: Pick<Store, 'layout'>, action: string, id: string): void {
  recordEvent(store, 'image', action, `sha256:${id}`, attributesOf(id));
}

function attributesOf(id: string, name = `sha256:${id}`, oci?: OciImage): EventAttributes {
  return { ...oci?.config.Labels, name };
}

/** Of what came from a registry: known by its name, as Docker has it. In the transaction that gives it that name. */
export function postPull(store: Pick<Store, 'db' | 'layout'>, reference: RemoteReference, oci: OciImage): void {
  postEvent(store, 'image', 'pull', ...transferred(reference, oci));
}

/** Of what goes to one. In the transaction before that. */
export function announcePush(store: Pick<Store, 'db' | 'layout'>, reference: RemoteReference): Announced {
  return announceEvent(store, 'image', 'push', ...transferred(reference));
}

function transferred(reference: RemoteReference, oci?: OciImage): [id: string, attributes: EventAttributes] {
  const full = reference.digest === undefined ? { ...reference, tag: reference.tag ?? 'latest' } : reference;
  return [familiarReference(full), { ...oci?.config.Labels, name: familiarName(reference) }];
}
