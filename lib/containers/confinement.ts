// SPDX-License-Identifier: Apache-2.0
import { capabilityMask } from '../security/capabilities';
import { seccompFilter } from '../security/seccomp';
import type { Layout } from '../store/layout';
import type { Payload } from './payload';
import type { ContainerSpec } from './spec';

export type Confinement = Pick<Payload, 'capabilities' | 'seccomp' | 'noNewPrivileges'>;

/** What the processes of a container are confined to from the exec of their command on. @throws E_INVALID, E_NATIVE_MISSING */
export async function confinement(layout: Layout, { privileged, isolation = {} }: ContainerSpec): Promise<Confinement> {
  const { seccomp, noNewPrivileges } = isolation;
  // Every capability is then what there is: nothing is dropped, and Docker's policy would only stand in the way.
  const capabilities = privileged ? undefined : capabilityMask(isolation);
  const filtered = seccomp !== 'unconfined' && (!privileged || seccomp !== undefined);
  return {
    ...(capabilities !== undefined && { capabilities }),
    ...(filtered && { seccomp: await seccompFilter(layout, seccomp, capabilities ?? capabilityMask({ capAdd: ['ALL'] })) }),
    ...(noNewPrivileges && { noNewPrivileges }),
  };
}
