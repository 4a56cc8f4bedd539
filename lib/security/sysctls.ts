// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';

/** Those of the IPC namespace; net.* belongs to the network's, fs.mqueue.* to the IPC namespace too. */
const OF_IPC = ['kernel.msgmax', 'kernel.msgmnb', 'kernel.msgmni', 'kernel.sem', 'kernel.shmall', 'kernel.shmmax', 'kernel.shmmni', 'kernel.shm_rmid_forced'];

export interface SysctlSetting {
  network: string;
  ipc: string;
}

/** Only what a namespace of the container's own has. @throws E_INVALID in Docker's words */
export function checkSysctls(sysctls: Record<string, string>, { network, ipc }: SysctlSetting): Record<string, string> {
  for (const [name, value] of Object.entries(sysctls)) {
    const ofNetwork = name.startsWith('net.');
    const ofIpc = OF_IPC.includes(name) || name.startsWith('fs.mqueue.');
    // A slash stands for a dot in a name, but ".." must not leave the namespace's part.
    const wellFormed = /^[a-zA-Z0-9_./:-]+$/.test(name) && !/(^|[./])(\.|\/|$)/.test(name) && typeof value === 'string' && !/[\0\n]/.test(value);
    if (!wellFormed || !(ofNetwork || ofIpc)) throw bad(`sysctl '${name}=${value}' is not allowed`);
    if (ofNetwork && network === 'host') throw bad(`sysctl ${JSON.stringify(name)} not allowed in host network namespace`);
    if (ofIpc && ipc === 'host') throw bad(`sysctl ${JSON.stringify(name)} is not allowed in the hosts ipc namespace`);
  }
  return sysctls;
}

/** As the init shim takes it: the path below /proc/sys, a dot in a name (of a VLAN) being written as a slash. */
export function sysctlOrder(name: string, value: string): string {
  const swap = (character: string) => (character === '.' ? '/' : '.');
  return `${name.replace(/[./]/g, swap)}=${value}`;
}

function bad(message: string): DockerliteError {
  return new DockerliteError('E_INVALID', message);
}
