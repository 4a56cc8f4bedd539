// SPDX-License-Identifier: Apache-2.0
import type { DebianPackage, PackageIndex } from '../debian/package-index';
import { closure, resolve } from '../debian/resolve';

/** Beside the essential packages: those of these priorities, and these. */
export interface Variant {
  priorities: string[];
  packages: string[];
}

/** As mmdebstrap names them. */
export const VARIANTS: Readonly<Record<string, Variant>> = {
  essential: { priorities: [], packages: [] },
  apt: { priorities: [], packages: ['apt'] },
  minbase: { priorities: ['required'], packages: ['apt'] },
  important: { priorities: ['required', 'important'], packages: ['apt'] },
};

export interface Chosen {
  /** What dpkg and its scripts need to run at all: unpacked without them. */
  essential: DebianPackage[];
  rest: DebianPackage[];
}

/** @throws E_NOT_FOUND for a package that is not there or needs one that is not */
export function choosePackages(index: PackageIndex, variant: Variant, include: readonly string[]): Chosen {
  const essential = index.names((fields) => fields.get('essential') === 'yes');
  const wanted = index.names((fields) => variant.priorities.includes(fields.get('priority') ?? ''));
  const all = resolve(index, [...new Set([...essential, ...wanted, ...variant.packages, ...include])]);
  const first = closure(all, all.filter((one) => one.essential));
  return { essential: all.filter((one) => first.has(one)), rest: all.filter((one) => !first.has(one)) };
}
