// SPDX-License-Identifier: Apache-2.0
import { hasUnifiedCgroups } from '../../binding/features';
import { readText } from './files';

const ROOT = '/sys/fs/cgroup';

/** The container's group in the hierarchy of a v1 controller; on v2 there is only one, whatever the controller. */
export type GroupOf = (controller: string) => string;

/** Where the kernel counts for a container: what liblxc made for it, in which its init may have moved itself further down. */
export async function findGroups(id: string, pid: number): Promise<GroupOf> {
  const lines = (await readText(`/proc/${pid}/cgroup`)).split('\n').map((line) => line.split(':'));
  const own = new RegExp(`^(?:.*/)?lxc\\.payload\\.${id}(?:-\\d+)?(?=/|$)`);
  const pathOf = (isWanted: (controllers: string[]) => boolean) => {
    const [, , ...path] = lines.find(([, controllers = '']) => isWanted(controllers.split(','))) ?? [];
    return own.exec(path.join(':'))?.[0] ?? `/lxc.payload.${id}`;
  };
  if (hasUnifiedCgroups()) {
    const path = pathOf(([first]) => first === '');
    return () => `${ROOT}${path}`;
  }
  return (controller) => `${ROOT}/${controller}${pathOf((controllers) => controllers.includes(controller))}`;
}
