// SPDX-License-Identifier: Apache-2.0
import { randomInt } from '../util/id';
import { DockerliteError } from '../errors';

const ADJECTIVES =
  'able airy amber ample apt azure bold brave breezy bright brisk calm candid civil clear clever cosy crisp daring deft eager early easy elated fair fancy fine fleet fond frank fresh gentle glad golden good grand great green happy hardy honest humble jolly keen kind lively loyal lucky lunar mellow merry mild modest neat nimble noble opal patient placid plain polite prime proud quick quiet rapid ready rustic sage serene sharp silent silver simple sincere sleek smart snug solar spry stable steady still sunny swift tender tidy tranquil true vivid warm wise witty young zesty';
const NOUNS =
  'acorn alder anchor arch aspen badger bay beacon beech birch bison brook cabin canoe cedar cliff clover comet coral cove crane creek dale dawn delta dove dune ember falcon fern finch fjord fox glade grove harbor hare hawk hazel heron hill inlet iris isle ivy jay kestrel lake lark laurel leaf lily linden lynx maple marsh meadow mesa moss oak olive orchid osprey otter owl peak pearl pine plover pond poplar quail rain raven reed reef ridge river robin rowan sail seal shore sparrow spruce star stone stork swan thrush tide trail vale valley wave willow wren yew';

const adjectives = ADJECTIVES.split(' ');
const nouns = NOUNS.split(' ');

/** A name for a container whose user gave none, e.g. `calm_otter`; with digits after a few collisions. */
export function generateName(attempt: number): string {
  const name = `${adjectives[randomInt(adjectives.length)]}_${nouns[randomInt(nouns.length)]}`;
  return attempt === 0 ? name : `${name}${randomInt(10 ** Math.min(attempt + 1, 9))}`;
}

/** @throws E_INVALID in Docker's words */
export function checkName(name: string): string {
  const plain = name.startsWith('/') ? name.slice(1) : name;
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}$/.test(plain)) return plain;
  throw new DockerliteError(
    'E_INVALID',
    `Invalid container name (${name.slice(0, 80)}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed, 2 to 255 characters`,
  );
}
