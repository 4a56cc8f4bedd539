// SPDX-License-Identifier: Apache-2.0
import type { Patience } from '../registry/settings';
import type { Image } from './record';
import type { Transfer } from './transfer';

export interface BootstrapOptions {
  /** repository[:tag] of the image; default what is bootstrapped: `debian:trixie`, `busybox:latest`. */
  reference?: string;
  /** URL of the archive; default where apt of this machine gets its packages. */
  mirror?: string;
  /** File with the keys that may sign the archive; default what apt of this machine is told. */
  keyring?: string;
  /** Packages beside those of the variant. */
  include?: string[];
  /** Which packages: see VARIANTS; default minbase. */
  variant?: string;
  signal?: AbortSignal;
  /** Directory of apt's configuration; default /etc/apt. */
  aptDirectory?: string;
  /** For tests: how long things may take and how often they are tried. */
  patience?: Partial<Patience>;
}

/** lib/bootstrap, which needs containers: the engine hands it down. */
export type Bootstrap = (what: string, options: BootstrapOptions) => Transfer<Image>;
