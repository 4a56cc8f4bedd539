// SPDX-License-Identifier: Apache-2.0
import { performance } from 'node:perf_hooks';
import { type Bed, IMAGE } from './bed';
import { interleave, type Side } from './interleave';
import { Reference } from './reference';
import { type Comparison, measured, ratio } from './result';

/** exec of /bin/true in one running container, beside Debian's lxc-attach to the same one. */
export async function compareExec(bed: Bed, quick: boolean): Promise<Comparison> {
  const container = await bed.engine.containers.run({ image: IMAGE, command: ['sleep', '3600'], network: 'none' });
  const command = ['0', 'lxc-attach', '-P', bed.layout.run, '-n', container.id, '--clear-env', '--', '/bin/true'];
  const attach = Reference.start(bed.directory, 'command', command);
  const node: Side = {
    name: 'Node, exec',
    run: async (count) => {
      const times: number[] = [];
      for (let i = 0; i < count; i++) {
        const begin = performance.now();
        const process = await container.exec(['/bin/true'], { attach: { stdout: false, stderr: false } });
        const code = await process.exited;
        times.push(performance.now() - begin);
        if (code !== 0) throw new Error(`/bin/true ended with ${code}`);
      }
      return times;
    },
  };
  try {
    const sides: Side[] = [{ name: 'lxc-attach', run: (count) => attach.numbers(`run ${count}`) }, node];
    const samples = await interleave(sides, { rounds: quick ? 3 : 10, count: 20 });
    const [theirs, ours] = sides.map((side, i) => measured(side.name, 'ms', samples[i] as number[])) as [never, never];
    const result = measured(node.name, 'ms', samples[1] as number[]);
    return {
      title: 'exec of /bin/true in a running container',
      sides: [theirs, ours],
      checks: [
        ratio('median of Node over lxc-attach', ours, theirs, { atMost: 1.3 }),
        { what: 'median of Node', value: result.summary.p50, unit: 'ms', atMost: 8 },
      ],
    };
  } finally {
    attach.close();
    await container.remove({ force: true });
  }
}
