// SPDX-License-Identifier: Apache-2.0

const fields = new WeakMap<object, readonly string[]>();

/** A row of a list whose fields are the getters of its class, worked out when a template asks for them. */
export abstract class Row {
  toJSON(): Record<string, unknown> {
    return Object.fromEntries(gettersOf(this).map((name) => [name, this[name as keyof this]]));
  }
}

/** Whether a template may name this of an object: what is its own, or a field of a row. */
export function hasField(value: object, name: string): boolean {
  return value instanceof Row ? gettersOf(value).includes(name) : Object.hasOwn(value, name);
}

function gettersOf(row: Row): readonly string[] {
  const prototype = Object.getPrototypeOf(row) as object;
  let names = fields.get(prototype);
  if (names === undefined) {
    names = Object.entries(Object.getOwnPropertyDescriptors(prototype)).flatMap(([name, { get }]) => (get === undefined ? [] : [name]));
    fields.set(prototype, names);
  }
  return names;
}
