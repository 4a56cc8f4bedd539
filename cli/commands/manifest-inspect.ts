// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../../lib/errors';
import type { ParsedManifest } from '../../lib/registry/manifest';
import { isConfigType, MEDIA } from '../../lib/registry/media-types';
import type { Platform } from '../../lib/registry/platform';
import { canonicalReference, parseRemoteReference, type RemoteReference } from '../../lib/registry/reference';
import type { Registries } from '../../lib/registry/registries';
import { defineCommand } from '../command';
import { withRegistries } from './registry';

export default defineCommand({
  usage: '[OPTIONS] NAME[:TAG|@DIGEST]',
  describe: 'Display an image manifest, or the list of them, as the registry has it',
  examples: [
    ['manifest inspect debian:12', 'which platforms there are'],
    ['manifest inspect -v debian:12', 'each of them in full'],
  ],
  options: {
    insecure: { type: 'boolean', default: false, describe: 'Look at no certificate, and allow plain HTTP' },
    verbose: { type: 'boolean', alias: 'v', default: false, describe: 'Each image of a list, with its platform and its manifest' },
  },
  operands: [1, 1],
  async run({ insecure, verbose, _: [name] }, io) {
    const reference = parseRemoteReference(name as string);
    const options = insecure ? { insecure: [reference.host] } : {};
    const shown = await withRegistries(async (registries, signal) => {
      const manifest = await registries.manifest(reference, signal).catch((error: unknown) => {
        throw error instanceof DockerliteError && error.code === 'E_NOT_FOUND' ? new DockerliteError('E_NOT_FOUND', `no such manifest: ${canonicalReference(reference)}`, { cause: error }) : error;
      });
      return verbose ? describe(registries, reference, manifest, signal) : parse(manifest.raw);
    }, options);
    io.print(JSON.stringify(shown, null, '\t'));
  },
});

/** One entry for an image, a list of them for an index. */
async function describe(registries: Registries, reference: RemoteReference, top: ParsedManifest, signal: AbortSignal): Promise<unknown> {
  if (top.content.kind === 'manifest') return entry(reference, top, await ownPlatform(registries, reference, top, signal));
  const entries: unknown[] = [];
  for (const { digest, platform } of top.content.manifests) entries.push(entry(reference, await registries.manifest({ ...reference, digest }, signal), platform));
  return entries;
}

function entry(reference: RemoteReference, { raw, digest, mediaType }: ParsedManifest, platform: Platform | undefined): unknown {
  return {
    Ref: canonicalReference({ ...reference, tag: reference.tag ?? 'latest', digest }),
    Descriptor: { mediaType, digest, size: raw.length, ...(platform !== undefined && { platform }) },
    Raw: raw.toString('base64'),
    [mediaType === MEDIA.dockerManifest ? 'SchemaV2Manifest' : 'OCIManifest']: parse(raw),
  };
}

/** An image of its own says in its configuration what it is for. */
async function ownPlatform(registries: Registries, reference: RemoteReference, { content }: ParsedManifest, signal: AbortSignal): Promise<Platform | undefined> {
  if (content.kind === 'index' || !isConfigType(content.config.mediaType)) return undefined;
  const { architecture, os, variant } = parse(await registries.config(reference, content.config, signal)) as Partial<Platform>;
  return { architecture: String(architecture ?? ''), os: String(os ?? ''), ...(typeof variant === 'string' && { variant }) };
}

function parse(raw: Buffer): unknown {
  return JSON.parse(raw.toString('utf8'));
}
