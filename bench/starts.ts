// SPDX-License-Identifier: Apache-2.0
import { performance } from 'node:perf_hooks';
import type { ContainerOptions } from '../lib/containers/spec';
import { type Bed, IMAGE } from './bed';
import type { Side } from './interleave';

/** Times, in ms, of `start` of a container of /bin/true until that has been executed, one after the other. */
export function starts(bed: Bed, name: string, options: Omit<ContainerOptions, 'image'>): Side {
  return {
    name,
    run: async (count) => {
      const times: number[] = [];
      for (let i = 0; i < count; i++) {
        const container = await bed.engine.containers.create({ image: IMAGE, command: ['/bin/true'], ...options });
        const begin = performance.now();
        await container.start();
        times.push(performance.now() - begin);
        const { exitCode } = await container.wait();
        if (exitCode !== 0) throw new Error(`/bin/true ended with ${exitCode}`);
        await container.remove();
      }
      return times;
    },
  };
}
