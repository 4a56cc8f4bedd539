// SPDX-License-Identifier: Apache-2.0
import { recordEvent } from '../events/journal';
import { familiarName, familiarReference, type RemoteReference } from '../registry/reference';
import type { Store } from '../store/store';
import type { OciImage } from './record';

/** Of an image, with its labels while it is there and what it is called: a name, or its id where none is meant. */
export function recordImageEvent(store: Pick<Store, 'layout'>, action: string, id: string, name?: string, oci?: OciImage): void {
  const digest = `sha256:${id}`;
  recordEvent(store, 'image', action, digest, { ...oci?.config.Labels, name: name ?? digest });
}

/** Of what went to a registry or came from one: known by its name, as Docker has it. */
export function recordTransferEvent(store: Pick<Store, 'layout'>, action: 'pull' | 'push', reference: RemoteReference, oci?: OciImage): void {
  const full = reference.digest === undefined ? { ...reference, tag: reference.tag ?? 'latest' } : reference;
  recordEvent(store, 'image', action, familiarReference(full), { ...oci?.config.Labels, name: familiarName(reference) });
}
