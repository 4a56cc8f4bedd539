// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../../errors';
import { digestOf } from '../../registry/digest';
import type { Descriptor, ImageManifest, ParsedManifest } from '../../registry/manifest';
import { MEDIA } from '../../registry/media-types';

/** Media types of an image in a registry that is a snapshot's stream instead of tars. */
export const SNAPSHOT = {
  artifact: 'application/vnd.dockerlite.snapshot.v1',
  /** The image's configuration: its digest is the image's id. */
  config: 'application/vnd.dockerlite.snapshot.config.v1+json',
  stream: 'application/vnd.dockerlite.snapshot.stream.v1+gzip',
} as const;

/** What an artifact's annotations say, for people: both are in the stream too. */
const ANNOTATIONS = { created: 'org.opencontainers.image.created', parent: 'vnd.dockerlite.snapshot.parent' };

export interface SnapshotArtifact {
  /** 64 hex digits. */
  image: string;
  stream: Descriptor;
  /** Manifest of the parent, in the same repository; undefined for a whole image. */
  subject: Descriptor | undefined;
}

export interface ArtifactParts {
  config: Pick<Descriptor, 'digest' | 'size'>;
  stream: Pick<Descriptor, 'digest' | 'size'>;
  created: string;
  parent?: { image: string; manifest: ParsedManifest };
}

export function makeArtifact({ config, stream, created, parent }: ArtifactParts): Buffer {
  const { manifest } = parent ?? {};
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA.ociManifest,
      artifactType: SNAPSHOT.artifact,
      config: { mediaType: SNAPSHOT.config, ...config },
      layers: [{ mediaType: SNAPSHOT.stream, ...stream }],
      ...(manifest !== undefined && { subject: { mediaType: manifest.mediaType, digest: digestOf(manifest.raw), size: manifest.raw.length } }),
      annotations: { [ANNOTATIONS.created]: created, ...(parent !== undefined && { [ANNOTATIONS.parent]: `sha256:${parent.image}` }) },
    }),
  );
}

export function isSnapshot({ content }: ParsedManifest): boolean {
  return content.kind === 'manifest' && (content.artifactType === SNAPSHOT.artifact || content.config.mediaType === SNAPSHOT.config);
}

/** @throws E_REGISTRY, E_UNSUPPORTED */
export function readArtifact({ digest, content }: ParsedManifest): SnapshotArtifact {
  const { config, layers, subject } = content as ImageManifest;
  const [stream] = layers;
  if (stream === undefined || layers.length !== 1) throw new DockerliteError('E_REGISTRY', `invalid manifest ${digest}: a snapshot has one stream, not ${layers.length}`);
  if (config.mediaType !== SNAPSHOT.config || stream.mediaType !== SNAPSHOT.stream) throw new DockerliteError('E_UNSUPPORTED', `manifest ${digest}: a snapshot of an unknown kind, ${config.mediaType} and ${stream.mediaType}`);
  for (const { digest: one } of [config, stream]) if (!one.startsWith('sha256:')) throw new DockerliteError('E_UNSUPPORTED', `manifest ${digest}: only sha256 is supported`);
  return { image: config.digest.replace(/^sha256:/, ''), stream, subject };
}
