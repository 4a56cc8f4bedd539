// SPDX-License-Identifier: Apache-2.0
import type { Image } from '../../lib/images/record';

/** The first version ran a shell where no command was given; an image that names one of its own goes before that. */
export function fallbackCommand({ oci }: Image): string[] | undefined {
  const named = (oci.config.Entrypoint?.length ?? 0) + (oci.config.Cmd?.length ?? 0);
  return named === 0 ? ['/bin/bash'] : undefined;
}
