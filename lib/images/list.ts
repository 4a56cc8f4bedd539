// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import type { Store } from '../store/store';
import { booleanFilter } from '../util/boolean-filter';
import { hasLabel } from '../util/labels';
import { type Image, type ImageRow, noSuchImage, toImage } from './record';
import { normaliseReference } from './reference';

export interface ImageListOptions {
  /** Docker's filters: dangling, label, reference, before, since. By reference, an image has only the tags that match. */
  filters?: Record<string, string[]>;
}

type Filter = (image: Image, values: string[]) => boolean;

const FILTERS: Record<string, Filter> = {
  dangling: (image, values) => values.every((value) => booleanFilter('dangling', value) === (image.tags.length === 0)),
  label: (image, values) => values.every((value) => hasLabel(image.oci.config.Labels ?? {}, value)),
  reference: (image, values) => values.some((value) => image.tags.some((tag) => matchesReference(tag, value))),
};
const ORDER_FILTERS = ['before', 'since'];

/** @throws E_INVALID for an unknown filter */
export function listImages(store: Store, options: ImageListOptions): Image[] {
  const filters = options.filters ?? {};
  const unknown = Object.keys(filters).find((key) => !Object.hasOwn(FILTERS, key) && !ORDER_FILTERS.includes(key));
  if (unknown !== undefined) throw new DockerliteError('E_INVALID', `invalid filter '${unknown}'`);
  filters['dangling']?.forEach((value) => booleanFilter('dangling', value));
  const rows = store.db.all<ImageRow>("SELECT * FROM images WHERE state = 'ready' ORDER BY created DESC, id");
  let images = rows.map((row) => toImage(store, row));
  for (const key of ORDER_FILTERS) {
    for (const value of filters[key] ?? []) {
      const mark = images.findIndex((image) => image.id.startsWith(value) || image.tags.includes(normaliseReference(value)));
      if (mark < 0) throw noSuchImage(value);
      images = key === 'before' ? images.slice(mark + 1) : images.slice(0, mark);
    }
  }
  images = images.filter((image) => Object.entries(filters).every(([key, values]) => FILTERS[key]?.(image, values) ?? true));
  const { reference } = filters;
  if (reference === undefined) return images;
  return images.map((image) => ({ ...image, tags: image.tags.filter((tag) => reference.some((pattern) => matchesReference(tag, pattern))) }));
}

/** `*` and `?` as a shell has them, on the repository or on repository:tag. */
function matchesReference(tag: string, pattern: string): boolean {
  const source = pattern.replace(/[\\^$.+()[\]{}|]/g, '\\$&').replace(/\*+/g, '[^/]*').replace(/\?/g, '[^/]');
  const expression = new RegExp(`^${source}$`);
  return expression.test(tag) || expression.test(tag.slice(0, tag.lastIndexOf(':')));
}
