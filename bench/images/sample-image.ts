// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import * as archive from '../../lib/binding/archive';
import { fileContent, fileSizes, Random } from './content';
import { type TarEntry, tarOf } from './tar';

/** Bytes of a file on average: fifteen thousand of them are 300 MB. */
const FILE = 20_000;
const FILES_PER_DIRECTORY = 40;
const FILES_PER_LINK = 25;

export interface SampleLayer {
  /** The archive and what registries have of it. */
  tar: string;
  compressed: string;
  /** `sha256:…` of the one and of the other. */
  diffId: string;
  digest: string;
}

export interface LayerOptions {
  seed: number;
  bytes: number;
  /** Of gzip. */
  level?: number;
}

/** Writes a layer of directories, files and links, the same ones for the same seed. */
export async function makeLayer(directory: string, { seed, bytes, level = 6 }: LayerOptions): Promise<SampleLayer> {
  const tar = tarOf(entries(new Random(seed), `usr/share/layer${seed}`, bytes, Math.max(1, Math.round(bytes / FILE))));
  const layer = { tar: join(directory, `${seed}.tar`), compressed: join(directory, `${seed}.tar.gz`) };
  writeFileSync(layer.tar, tar);
  const compressed = await promisify(gzip)(tar, { level });
  writeFileSync(layer.compressed, compressed);
  return { ...layer, diffId: sha256(tar), digest: sha256(compressed) };
}

function sha256(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** One after another: of large ones two would not fit into memory. */
export async function makeLayers(directory: string, all: readonly LayerOptions[]): Promise<SampleLayer[]> {
  const layers: SampleLayer[] = [];
  for (const options of all) layers.push(await makeLayer(directory, options));
  return layers;
}

function* entries(random: Random, top: string, bytes: number, files: number): Generator<TarEntry> {
  for (const name of ['usr', 'usr/share', top]) yield { name: `${name}/`, type: 'directory' };
  let directory = '';
  for (const [index, size] of fileSizes(random, bytes, files).entries()) {
    if (index % FILES_PER_DIRECTORY === 0) {
      directory = `${top}/d${index / FILES_PER_DIRECTORY}`;
      yield { name: `${directory}/`, type: 'directory' };
    }
    yield { name: `${directory}/file${index}`, type: 'file', content: fileContent(random, size) };
    if (index % FILES_PER_LINK === 0) yield { name: `${directory}/link${index}`, type: 'link', target: `file${index}` };
  }
}

/** Of an image of these layers. */
export function configOf(layers: readonly SampleLayer[]): object {
  return { created: '2026-01-01T00:00:00Z', architecture: 'amd64', os: 'linux', config: { Cmd: ['true'] }, rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) } };
}

/** An archive that `load` takes, with one image of these layers. */
export async function writeArchive(directory: string, name: string, layers: readonly SampleLayer[]): Promise<string> {
  const tree = join(directory, 'archive');
  mkdirSync(tree);
  try {
    layers.forEach(({ compressed }, index) => linkSync(compressed, join(tree, `${index}.tar.gz`)));
    writeFileSync(join(tree, 'config.json'), JSON.stringify(configOf(layers)));
    writeFileSync(join(tree, 'manifest.json'), JSON.stringify([{ Config: 'config.json', RepoTags: [name], Layers: layers.map((_, index) => `${index}.tar.gz`) }]));
    const path = join(directory, `${createHash('sha256').update(name).digest('hex').slice(0, 12)}.tar`);
    await archive.pack(tree, { path });
    return path;
  } finally {
    rmSync(tree, { recursive: true });
  }
}
