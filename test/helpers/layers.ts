// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { MEDIA } from '../../lib/registry/media-types';
import { sha256 } from './fake-registry';
import { buildTar, type TarEntry } from './hostile-archive';

export interface TestLayer {
  bytes: Buffer;
  diffId: string;
  mediaType: string;
}

export function layerOf(entries: TarEntry[] | Buffer, compression: 'gzip' | 'zstd' | 'none' = 'gzip'): TestLayer {
  const tar = Buffer.isBuffer(entries) ? entries : buildTar(entries);
  const diffId = sha256(tar);
  if (compression === 'none') return { bytes: tar, diffId, mediaType: MEDIA.ociLayer };
  if (compression === 'zstd') return { bytes: execFileSync('zstd', ['-q', '-c'], { input: tar, maxBuffer: 2 ** 30 }), diffId, mediaType: MEDIA.ociLayerZstd };
  return { bytes: gzipSync(tar, { level: 1 }), diffId, mediaType: MEDIA.ociLayerGzip };
}

/** A directory as a layer. */
export function layerOfDirectory(directory: string): TestLayer {
  return layerOf(execFileSync('tar', ['-C', directory, '--sort=name', '-cf', '-', '.'], { maxBuffer: 2 ** 30 }));
}
