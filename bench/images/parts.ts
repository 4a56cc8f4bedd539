// SPDX-License-Identifier: Apache-2.0
import type { Bed } from '../bed';
import type { Comparison } from '../result';
import { compareCommit } from './commit';
import { compareOperation, type Operation } from './compare';
import type { LayerOptions } from './sample-image';
import { compareShared } from './share';
import { type SampleImage, Workshop } from './workshop';

export const IMAGE_PARTS = ['images-pull', 'images-load', 'images-push', 'images-save', 'images-share', 'images-commit'] as const;
export type ImagePart = (typeof IMAGE_PARTS)[number];

export interface ImageOptions {
  quick: boolean;
  /** MB of the image; default 300, of the large one that is committed 2100. */
  size?: number | undefined;
}

const MB = 1e6;
const SIZE = 300;
const SHARES = [0.35, 0.25, 0.2, 0.1, 0.1];
const MANY = 40;
/** The large image: MB, layers, not made smaller, as making it is not what is measured. */
const LARGE_SIZE = 2100;
const LARGE_LAYERS = 7;
const LARGE = { level: 0 };

/** The comparisons of images, which share two images and the daemons of the others. */
export class ImageParts {
  private workshop: Workshop | undefined;
  private few: SampleImage | undefined;
  private many: SampleImage | undefined;

  constructor(
    private readonly bed: Bed,
    private readonly options: ImageOptions,
  ) {}

  async run(part: ImagePart): Promise<Comparison[]> {
    const workshop = (this.workshop ??= await Workshop.make(this.bed));
    const rounds = this.options.quick ? 1 : 3;
    if (part === 'images-commit') return [await compareCommit(workshop, await this.large(workshop), rounds)];
    const few = (this.few ??= await workshop.image('five:1', layers(100, SHARES.map((share) => share * this.bytes))));
    if (part === 'images-share') return [await compareShared(workshop, few, { seed: 99, bytes: (SHARES.at(-1) as number) * this.bytes }, rounds)];
    const many = (this.many ??= await workshop.image('forty:1', layers(200, Array.from({ length: MANY }, () => this.bytes / 3 / MANY))));
    const operation = part.replace('images-', '') as Operation;
    return [await compareOperation(workshop, operation, few, rounds), await compareOperation(workshop, operation, many, rounds)];
  }

  async close(): Promise<void> {
    await this.workshop?.close();
  }

  private get bytes(): number {
    return (this.options.size ?? SIZE) * MB;
  }

  private large(workshop: Workshop): Promise<Omit<SampleImage, 'archive'>> {
    const bytes = ((this.options.size ?? LARGE_SIZE) * MB) / LARGE_LAYERS;
    return workshop.inOrigin('large:1', layers(300, Array.from({ length: LARGE_LAYERS }, () => bytes)).map((layer) => ({ ...layer, ...LARGE })));
  }
}

function layers(seed: number, sizes: readonly number[]): LayerOptions[] {
  return sizes.map((bytes, index) => ({ seed: seed + index, bytes }));
}
