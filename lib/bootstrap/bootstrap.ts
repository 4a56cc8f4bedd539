// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../context';
import { invalid } from '../errors';
import type { BootstrapOptions } from '../images/bootstrap-options';
import { postImport } from '../images/image-events';
import { architecture } from '../images/oci';
import { publishImage, snapshotDiffId } from '../images/publish';
import { type Image, type OciImage, toImage } from '../images/record';
import { parseReference } from '../images/reference';
import { Transfer, type TransferEvent } from '../images/transfer';
import * as btrfs from '../binding/btrfs';
import { subvolumeSize } from '../store/tree-size';
import { Workspace } from '../store/workspace';
import { withUndo } from '../util/undo';
import { fillBusybox } from './busybox';
import { fillDebian } from './debian';
import { VARIANTS, type Variant } from './packages';

/** What the steps of one bootstrap share. */
export interface Job {
  context: Context;
  workspace: Workspace;
  options: BootstrapOptions;
  variant: Variant;
  emit(event: TransferEvent): void;
}

/** A finished tree, for as long as `publish` runs, and what the image says of itself. */
export interface Filled {
  command: string[];
  labels: Record<string, string>;
}
export type Publish = (rootfs: string, filled: Filled) => Promise<void>;

const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Makes a base image, `debian:SUITE` or `busybox`, out of the packages that this machine's apt would install. Nothing of it is visible before it
 * is complete and durable.
 * @throws by `result`: E_INVALID, E_NOT_FOUND, E_SIGNATURE, E_DIGEST, E_REGISTRY, E_REGISTRY_UNREACHABLE, E_ARCHIVE, E_ABORTED
 */
export function bootstrapImage(context: Context, what: string, options: BootstrapOptions = {}): Transfer<Image> {
  return new Transfer(async (emit) => {
    const { name, suite } = parseWhat(what);
    const reference = parseReference(options.reference ?? what);
    const variant = checkVariant(options.variant ?? 'minbase');
    return withUndo(async (undo) => {
      const workspace = Workspace.create(context.store.layout, 'bootstrap');
      undo.add(() => workspace.remove());
      await btrfs.subvolumeCreate(workspace.path, 'rootfs');
      const job: Job = { context, workspace, options, variant, emit };
      let made: Image | undefined;
      const publish: Publish = async (rootfs, { command, labels }) => {
        const tag = `${reference.repository}:${reference.tag}`;
        const oci = describe(what, command, labels);
        const size = await subvolumeSize(context.store.layout, rootfs);
        const row = await publishImage(context.store, rootfs, { oci, parent: '', size, tag, onReady: (id) => postImport(context.store, id, tag, oci) }, undo);
        made = toImage(context.store, row);
      };
      if (name === 'busybox') await fillBusybox(job, publish);
      else await fillDebian(job, suite, publish);
      await workspace.remove();
      return made as unknown as Image;
    });
  });
}

function parseWhat(what: string): { name: 'debian' | 'busybox'; suite: string } {
  if (what === 'busybox') return { name: 'busybox', suite: '' };
  const suite = /^debian:([a-z][a-z0-9.-]{0,40})$/.exec(what)?.[1];
  if (suite === undefined) throw invalid('image to bootstrap', 'debian:SUITE or busybox', what);
  return { name: 'debian', suite };
}

function checkVariant(name: string): Variant {
  if (!Object.hasOwn(VARIANTS, name)) throw invalid('variant', Object.keys(VARIANTS).join(', '), name);
  return VARIANTS[name] as Variant;
}

function describe(what: string, command: string[], labels: Record<string, string>): OciImage {
  const created = new Date().toISOString();
  return {
    created,
    architecture: architecture(),
    os: 'linux',
    config: { Env: [PATH], Cmd: command, Labels: labels },
    rootfs: { type: 'layers', diff_ids: [snapshotDiffId()] },
    history: [{ created, created_by: `dockerlite image bootstrap ${what}` }],
  };
}
