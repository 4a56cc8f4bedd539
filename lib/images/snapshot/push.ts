// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../../context';
import { DockerliteError } from '../../errors';
import type { RegistryConnection } from '../../registry/connection';
import { digestOf } from '../../registry/digest';
import { type ParsedManifest, parseManifest } from '../../registry/manifest';
import { getManifest, putManifest } from '../../registry/manifests';
import { familiarName, type RemoteReference } from '../../registry/reference';
import { addReferrer } from '../../registry/referrers';
import { type Blob, bytesBlob, pushBlob } from '../../registry/uploads';
import { Workspace } from '../../store/workspace';
import { filePieces } from '../../util/file-pieces';
import { compressFile } from '../compress-file';
import type { Publish } from '../push';
import type { ImageRow, OciImage } from '../record';
import type { TransferEvent } from '../transfer';
import { isSnapshot, makeArtifact, readArtifact, SNAPSHOT } from './artifact';
import { configText } from './description';
import { imageAncestry } from './parent';
import { sendTree } from './send';

export interface SnapshotPush {
  connection: RegistryConnection;
  /** With its tag. */
  target: RemoteReference;
  image: ImageRow;
  signal?: AbortSignal | undefined;
  emit: (event: TransferEvent) => void;
  publish: Publish;
}

/** An image that the repository has, in a form that gives whoever pulls it the very same id. */
interface PushedParent {
  image: string;
  manifest: ParsedManifest;
}

/**
 * Pushes an image as an artifact with its snapshot's stream: the difference to the nearest image it was made from that the
 * repository has. One that is there already is only given the tag.
 */
export async function pushSnapshot(context: Context, push: SnapshotPush): Promise<ParsedManifest> {
  const { connection, target, image, signal, emit, publish } = push;
  const own = await pushedBefore(context, push, image);
  if (own !== undefined && isSnapshot(own)) {
    emit({ kind: 'layer', digest: readArtifact(own).stream.digest, state: 'exists' });
    await publish(() => putManifest(connection, target, own, signal));
    return own;
  }
  const parent = await nearestPushed(context, push);
  const manifest = await upload(context, push, parent);
  const { digest, knowsSubject } = await publish(() => putManifest(connection, target, manifest, signal));
  // Registries of before the specification's 1.1 keep no list of what belongs to what.
  if (parent !== undefined && !knowsSubject) {
    const entry = { mediaType: manifest.mediaType, digest, size: manifest.raw.length, artifactType: SNAPSHOT.artifact };
    await addReferrer(connection, target, digestOf(parent.manifest.raw), entry, signal);
  }
  return manifest;
}

async function nearestPushed(context: Context, push: SnapshotPush): Promise<PushedParent | undefined> {
  for (const row of imageAncestry(context.store, push.image.id).slice(1)) {
    const manifest = await pushedBefore(context, push, row);
    if (manifest !== undefined) return { image: row.id, manifest };
  }
  return undefined;
}

/** What the repository still has of what is known to have been there: an image's manifest, whose configuration is the image's own. */
async function pushedBefore({ store }: Context, { connection, target, signal }: SnapshotPush, row: ImageRow): Promise<ParsedManifest | undefined> {
  const prefix = `${familiarName(target)}@`;
  const names = store.db.all<{ name: string }>('SELECT name FROM repo_digests WHERE image = ?', row.id).map(({ name }) => name);
  const known = names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  // What was pulled may be known by an index, of which this is the one for this machine.
  if (known.length > 0 && row.manifest !== '') known.push(digestOf(Buffer.from(row.manifest)));
  const found: ParsedManifest[] = [];
  for (const digest of new Set(known)) {
    const manifest = await getManifest(connection, { host: target.host, path: target.path, digest }, signal).catch(ifMissing);
    if (manifest?.content.kind === 'manifest' && manifest.content.config.digest === `sha256:${row.id}`) found.push(manifest);
  }
  return found.find(isSnapshot) ?? found[0];
}

function ifMissing(error: unknown): undefined {
  if (error instanceof DockerliteError && error.code === 'E_NOT_FOUND') return undefined;
  throw error;
}

async function upload(context: Context, push: SnapshotPush, parent: PushedParent | undefined): Promise<ParsedManifest> {
  const { store } = context;
  const { connection, target, image, signal, emit } = push;
  const { id, config } = configText(image);
  const workspace = Workspace.create(store.layout, 'push');
  try {
    const path = `${workspace.path}/stream`;
    emit({ kind: 'layer', digest: `sha256:${id}`, state: 'preparing' });
    const description = { id, config, tags: [], ancestor: image.parent, size: image.size };
    await sendTree(context, { tree: store.layout.imageRootfs(image.id), image: image.id, description }, { path }, { ...(parent !== undefined && { parent: parent.image }), signal }, () => undefined);
    const { packed, size } = await compressFile(path, `${path}.gz`, signal);
    const stream = { digest: `sha256:${packed}`, size };
    const put = (blob: Blob) => pushBlob(connection, target, blob, { signal, onProgress: (current) => emit({ kind: 'layer', digest: blob.digest, state: 'pushing', current, total: blob.size }) });
    const result = await put({ ...stream, read: (from, to) => filePieces(`${path}.gz`, from, to) });
    emit({ kind: 'layer', digest: stream.digest, state: result.how === 'exists' ? 'exists' : 'pushed' });
    const text = bytesBlob(`sha256:${id}`, Buffer.from(config));
    await pushBlob(connection, target, text, { signal });
    const small = { digest: text.digest, size: text.size };
    return parseManifest(makeArtifact({ config: small, stream, created: (JSON.parse(image.config) as OciImage).created, ...(parent !== undefined && { parent }) }), undefined);
  } finally {
    await workspace.remove();
  }
}
