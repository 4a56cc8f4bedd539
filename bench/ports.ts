// SPDX-License-Identifier: Apache-2.0
import { type Bed, IMAGE } from './bed';
import { interleave } from './interleave';
import { type Comparison, measured, ratio } from './result';
import { starts } from './starts';

const OTHERS = 500;
const AT_ONCE = 8;
const PUBLISHING = { network: 'bridge', publish: ['127.0.0.1::80', '127.0.0.1::81', '127.0.0.1::82/udp'] };

/** What three published ports cost a start, alone and among many containers that have as many. */
export async function comparePorts(bed: Bed, quick: boolean): Promise<Comparison[]> {
  const others = quick ? 100 : OTHERS;
  const alone = await compare(bed, 'with nothing else running', quick);
  let left = others;
  const worker = async () => {
    while (left-- > 0) await bed.engine.containers.run({ image: IMAGE, command: ['sleep', '86400'], ...PUBLISHING });
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return [alone, await compare(bed, `with ${others} such containers running`, quick)];
}

async function compare(bed: Bed, where: string, quick: boolean): Promise<Comparison> {
  const sides = [starts(bed, 'no network', { network: 'none' }), starts(bed, 'bridge and three ports', PUBLISHING)];
  const samples = await interleave(sides, { rounds: quick ? 3 : 8, count: 20 });
  const [none, ports] = sides.map(({ name }, i) => measured(name, 'ms', samples[i] as number[])) as [never, never];
  return { title: `ports: from start to exec of the command, ${where}`, sides: [none, ports], checks: [ratio('median, ports over no network', ports, none, { atMost: 1.5 })] };
}
