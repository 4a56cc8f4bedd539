// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine } from '../../lib/engine';

/** What a client says before and after it makes or removes something. */
export type Report =
  | { say: 'begin'; operation: string }
  | { say: 'made'; what: 'container'; id: string }
  | { say: 'made'; what: 'image'; id: string; tag: string; token: string } // token: name and content of a file in it
  | { say: 'tagged'; id: string; tag: string }
  | { say: 'removing'; id: string }
  | { say: 'removed'; id: string }
  | { say: 'kept'; id: string } // a removal that failed
  | { say: 'ended'; operation: string }
  | { say: 'unexpected'; operation: string; error: string };

interface Thing {
  what?: 'container' | 'image';
  names: Set<string>;
  token: string;
  made: boolean;
  /** Removals begun and not known to have failed. */
  removals: number;
  removed: boolean;
}

/** What was there when a machine had come up again. */
export interface Survivors {
  containers: string[];
  images: { id: string; tags: string[] }[];
}

/**
 * What the clients were told is done. Reports of different clients come in any order, so it only ever adds: what was
 * made and nobody began to remove must be there, what was removed must not.
 */
export class Model {
  private readonly things = new Map<string, Thing>();
  readonly unexpected: string[] = [];
  readonly operations = new Map<string, number>();

  take(report: Report): void {
    switch (report.say) {
      case 'begin':
        return;
      case 'removing':
        this.thing(report.id).removals++;
        return;
      case 'made': {
        const thing = this.thing(report.id);
        thing.made = true;
        thing.what = report.what;
        if (report.what === 'image') {
          thing.token = report.token;
          thing.names.add(report.tag);
        }
        return;
      }
      case 'tagged':
        this.thing(report.id).names.add(report.tag);
        return;
      case 'removed':
        this.thing(report.id).removed = true;
        return;
      case 'kept':
        this.thing(report.id).removals--;
        return;
      case 'ended':
        this.operations.set(report.operation, (this.operations.get(report.operation) ?? 0) + 1);
        return;
      case 'unexpected':
        this.unexpected.push(`${report.operation}: ${report.error}`);
    }
  }

  /** From here on only what has survived counts. */
  keep({ containers, images }: Survivors): void {
    const tags = new Map<string, string[]>(images.map((image) => [image.id, image.tags]));
    for (const [id, thing] of this.things) {
      if (!mustBeThere(thing) || !(tags.has(id) || containers.includes(id))) this.things.delete(id);
      else thing.names = new Set([...thing.names].filter((name) => tags.get(id)?.includes(name)));
    }
  }

  /** How many of a kind were acknowledged and must be there. */
  count(what: 'container' | 'image'): number {
    return [...this.things.values()].filter((thing) => thing.what === what && mustBeThere(thing)).length;
  }

  /** What is lost, or there although it was removed; one line each. */
  async compare(engine: Engine): Promise<string[]> {
    const containers = new Set((await engine.containers.list({ all: true })).map(({ id }) => id));
    const images = new Map((await engine.images.list()).map((image) => [image.id, image]));
    const wrong: string[] = [];
    for (const [id, thing] of this.things) {
      const { what, names, token } = thing;
      const tree = join(engine.root, what === 'image' ? 'images' : 'containers', id, 'rootfs');
      const isThere = (what === 'image' ? images.has(id) : containers.has(id)) && existsSync(tree);
      if (thing.removed && isThere) wrong.push(`${what} ${id} is there although it was removed`);
      if (!mustBeThere(thing)) continue;
      if (!isThere) wrong.push(`${what} ${id} was acknowledged and is lost`);
      else if (what === 'image') wrong.push(...this.compareImage(id, tree, token, [...names], images.get(id)?.tags ?? []));
    }
    return wrong;
  }

  private compareImage(id: string, tree: string, token: string, wanted: string[], tags: string[]): string[] {
    const missing = wanted.filter((tag) => !tags.includes(tag)).map((tag) => `image ${id} has lost its name ${tag}`);
    const path = join(tree, token);
    const whole = existsSync(path) && readFileSync(path, 'utf8') === token;
    return whole ? missing : [...missing, `image ${id} lacks what was in it when it was made`];
  }

  private thing(id: string): Thing {
    let thing = this.things.get(id);
    if (thing === undefined) this.things.set(id, (thing = { names: new Set(), token: '', made: false, removals: 0, removed: false }));
    return thing;
  }
}

function mustBeThere({ made, removals, removed }: Thing): boolean {
  return made && removals <= 0 && !removed;
}
