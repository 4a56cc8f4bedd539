// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import { type DebianPackage, isMet, type PackageIndex } from './package-index';
import { type Dependency, showDependency } from './relations';

/**
 * These packages and everything they need, in the order it was found. Of alternatives what is there already wins, then the first
 * that exists: no choice is ever taken back, which suffices for a consistent archive. @throws E_NOT_FOUND for what nothing satisfies
 */
export function resolve(index: PackageIndex, roots: readonly string[]): DebianPackage[] {
  const selected = new Map<string, DebianPackage>();
  for (const name of roots) {
    const found = index.get(name);
    if (found === undefined) throw new DockerliteError('E_NOT_FOUND', `there is no package ${name} in the archive`);
    selected.set(name, found);
  }
  // What is appended while it runs is visited too.
  for (const one of selected.values()) {
    for (const group of needs(one)) {
      if (findMet([...selected.values()], group) !== undefined) continue;
      const chosen = group.flatMap((wanted) => index.candidates(wanted))[0];
      if (chosen === undefined) {
        throw new DockerliteError('E_NOT_FOUND', `package ${one.name} needs ${group.map(showDependency).join(' or ')}, which is not in the archive`);
      }
      selected.set(chosen.name, chosen);
    }
  }
  return [...selected.values()];
}

/** Those of `packages` that these ones need, themselves included. */
export function closure(packages: readonly DebianPackage[], of: Iterable<DebianPackage>): Set<DebianPackage> {
  const found = new Set(of);
  for (const one of found) {
    for (const group of needs(one)) {
      const met = findMet(packages, group);
      if (met !== undefined) found.add(met);
    }
  }
  return found;
}

/** Packages in batches, such that what a package needs before it is unpacked (Pre-Depends) is in an earlier one. */
export function batches(packages: readonly DebianPackage[]): DebianPackage[][] {
  const result: DebianPackage[][] = [];
  let left = [...packages];
  while (left.length > 0) {
    const ready = left.filter((one) => !before(packages, one).some((needed) => left.includes(needed)));
    // A circle: dpkg is told to take it as it comes.
    const batch = ready.length > 0 ? ready : left;
    left = left.filter((one) => !batch.includes(one));
    result.push(batch);
  }
  return result;
}

/** What has to be configured before this one is unpacked. */
function before(packages: readonly DebianPackage[], one: DebianPackage): DebianPackage[] {
  const direct = one.preDepends.flatMap((group) => findMet(packages, group) ?? []);
  return [...closure(packages, direct)].filter((needed) => needed !== one);
}

function needs({ preDepends, depends }: DebianPackage): Dependency[][] {
  return [...preDepends, ...depends];
}

function findMet(packages: readonly DebianPackage[], group: Dependency[]): DebianPackage | undefined {
  for (const wanted of group) {
    const met = packages.find((one) => isMet(wanted, one));
    if (met !== undefined) return met;
  }
  return undefined;
}
