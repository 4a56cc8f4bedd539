// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { statSync, writeFileSync } from 'node:fs';
import type { Reference } from '../reference';
import type { LocalRegistry } from './registry';
import { configOf, type SampleLayer } from './sample-image';

const OCI = 'application/vnd.oci.image';

/** Puts an image into a registry, its blobs by the C program of bare uploads. */
export async function putImage({ host, port }: LocalRegistry, name: string, layers: readonly SampleLayer[], uploads: Reference): Promise<void> {
  const [repository, tag] = name.split(':') as [string, string];
  const config = Buffer.from(JSON.stringify(configOf(layers)));
  const digest = `sha256:${createHash('sha256').update(config).digest('hex')}`;
  const file = `${layers[0]?.compressed}.config`;
  writeFileSync(file, config);
  await uploads.numbers([port, repository, digest, file, ...layers.flatMap((layer) => [layer.digest, layer.compressed])].join('\t'));
  const manifest = {
    schemaVersion: 2,
    mediaType: `${OCI}.manifest.v1+json`,
    config: { mediaType: `${OCI}.config.v1+json`, digest, size: config.length },
    layers: layers.map((layer) => ({ mediaType: `${OCI}.layer.v1.tar+gzip`, digest: layer.digest, size: statSync(layer.compressed).size })),
  };
  const { ok, status } = await fetch(`http://${host}/v2/${repository}/manifests/${tag}`, { method: 'PUT', headers: { 'content-type': manifest.mediaType }, body: JSON.stringify(manifest) });
  if (!ok) throw new Error(`the registry does not take a manifest: status ${status}`);
}
