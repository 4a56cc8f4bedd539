// SPDX-License-Identifier: Apache-2.0
import { capabilityMask } from '../security/capabilities';
import { hostDevices } from '../security/host-devices';
import { seccompFilter } from '../security/seccomp';
import { sysctlOrder } from '../security/sysctls';
import { rlimit } from '../security/ulimits';
import type { Layout } from '../store/layout';
import type { Payload } from './payload';
import type { ContainerSpec } from './spec';

export type Confinement = Pick<Payload, 'capabilities' | 'seccomp' | 'noNewPrivileges' | 'groups' | 'rlimits'>;

/** What the processes of a container are confined to from the exec of their command on. @throws E_INVALID, E_NATIVE_MISSING */
export async function confinement(layout: Layout, { privileged, isolation = {} }: ContainerSpec): Promise<Confinement> {
  const { seccomp, noNewPrivileges, groupAdd, ulimits } = isolation;
  // Every capability is then what there is: nothing is dropped, and Docker's policy would only stand in the way.
  const capabilities = privileged ? undefined : capabilityMask(isolation);
  const filtered = seccomp !== 'unconfined' && (!privileged || seccomp !== undefined);
  return {
    ...(capabilities !== undefined && { capabilities }),
    ...(filtered && { seccomp: await seccompFilter(layout, seccomp, capabilities ?? capabilityMask({ capAdd: ['ALL'] })) }),
    ...(noNewPrivileges && { noNewPrivileges }),
    ...(groupAdd && { groups: groupAdd }),
    ...(ulimits && { rlimits: ulimits.map(rlimit) }),
  };
}

/** What the first process sets up in the container's namespaces before its command runs. */
export function initialState({ privileged, isolation: { sysctls = {} } = {} }: ContainerSpec): Pick<Payload, 'sysctls' | 'nodes'> {
  return {
    sysctls: Object.entries(sysctls).map(([name, value]) => sysctlOrder(name, value)),
    ...(privileged && { nodes: hostDevices() }),
  };
}
