// SPDX-License-Identifier: Apache-2.0
import type { Store } from '../store/store';
import { postImageEvent } from './image-events';
import { findImage, type OciImage } from './record';
import { parseReference } from './reference';

/** @throws E_NO_SUCH_IMAGE, E_INVALID */
export function tagImage(store: Store, wanted: string, reference: string): void {
  const { repository, tag } = parseReference(reference);
  const name = `${repository}:${tag}`;
  store.db.transaction(() => {
    const image = findImage(store, wanted);
    store.db.run('INSERT INTO tags (name, image) VALUES (?, ?) ON CONFLICT(name) DO UPDATE SET image = excluded.image', name, image.id);
    postImageEvent(store, 'tag', image.id, name, JSON.parse(image.config) as OciImage);
  });
}
