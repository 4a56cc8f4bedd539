// SPDX-License-Identifier: Apache-2.0
import { hostPlatform } from '../registry/platform';

/** This machine's architecture in the OCI specification's (Go's) words. */
export function architecture(): string {
  return hostPlatform().architecture;
}
