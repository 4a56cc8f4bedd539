// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Bed } from '../bed';
import { Reference } from '../reference';
import { putImage } from './put-image';
import { LocalRegistry } from './registry';
import { type LayerOptions, makeLayers, type SampleLayer, writeArchive } from './sample-image';
import { type ImageTool, imageTools, isOurs } from './tools';

export interface SampleImage {
  /** What it is called in the registry that has it. */
  name: string;
  layers: SampleLayer[];
  /** It as an archive that all of the tools load. */
  archive: string;
}

/** What the comparisons of images share: registries, the tools with their daemons, a clock. */
export class Workshop {
  private constructor(
    readonly bed: Bed,
    readonly directory: string,
    /** Has the images. */
    readonly origin: LocalRegistry,
    /** Images are pushed to it. */
    readonly target: LocalRegistry,
    readonly tools: ImageTool[],
    private readonly clock: Reference,
    private readonly cleaner: Reference,
    private readonly ends: (() => Promise<void>)[],
  ) {}

  static async make(bed: Bed): Promise<Workshop> {
    const directory = join(bed.directory, 'images');
    mkdirSync(directory);
    const ends: (() => Promise<void>)[] = [];
    try {
      const [origin, target] = [await LocalRegistry.start(join(directory, 'origin')), await LocalRegistry.start(join(directory, 'target'))];
      ends.push(() => origin.stop(), () => target.stop());
      const tools = imageTools(bed);
      for (const tool of tools) ends.push(await tool.begin());
      const clock = Reference.start(bed.directory, 'timed', []);
      const cleaner = Reference.start(bed.directory, 'snapshots', [bed.source]);
      ends.push(async () => [clock, cleaner].forEach((reference) => reference.close()));
      return new Workshop(bed, directory, origin, target, tools, clock, cleaner, ends);
    } catch (error) {
      for (const end of ends.reverse()) await end();
      throw error;
    }
  }

  get ours(): ImageTool {
    return this.tools.find(isOurs) as ImageTool;
  }

  /** An image in the origin and as an archive. */
  async image(name: string, options: readonly LayerOptions[]): Promise<SampleImage> {
    return this.imageOf(name, await makeLayers(this.directory, options));
  }

  async imageOf(name: string, layers: SampleLayer[]): Promise<SampleImage> {
    const full = `${this.origin.host}/bench/${name}`;
    const plain = await writeArchive(this.directory, full, layers);
    const archive = join(this.directory, `${name.replace(':', '-')}-saved.tar`);
    await this.time(this.ours.load(plain, full));
    rmSync(plain);
    await this.time(this.ours.push(full));
    await this.time(this.ours.save(full, archive));
    await this.forget(this.ours, full);
    return { name: full, layers, archive };
  }

  /** One that is in the origin alone, put there without any of the tools: what a large one costs is not to be waited for. */
  async inOrigin(name: string, options: readonly LayerOptions[]): Promise<Omit<SampleImage, 'archive'>> {
    const layers = await makeLayers(this.directory, options);
    const uploads = Reference.start(this.bed.directory, 'upload', []);
    try {
      await putImage(this.origin, `bench/${name}`, layers, uploads);
    } finally {
      uploads.close();
    }
    return { name: `${this.origin.host}/bench/${name}`, layers };
  }

  /** Time of a command, in ms, and the largest resident set among its processes, in KiB. */
  async time(command: readonly string[]): Promise<[ms: number, resident: number]> {
    return (await this.clock.numbers(command.join('\t'))) as [number, number];
  }

  async forget(tool: ImageTool, name: string): Promise<void> {
    await this.time(tool.forget(name));
    await this.rest();
  }

  /** Waits until what was written is on the disk and what was removed is gone: the next one does not pay for it. */
  async rest(): Promise<void> {
    await this.cleaner.ask(`clear ${this.bed.scratch('nothing')}`);
  }

  async close(): Promise<void> {
    for (const end of [...this.ends].reverse()) await end();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
