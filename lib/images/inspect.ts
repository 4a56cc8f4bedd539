// SPDX-License-Identifier: Apache-2.0
import type { Store } from '../store/store';
import type { Image } from './record';

/** Docker Engine API v1.44, ImageInspect, as far as it applies here. */
export type ImageInfo = ReturnType<typeof describeImage>;

/** As Docker shows what an image's configuration leaves out. */
const NOTHING_SAID = { User: '', Env: [], Cmd: null, Volumes: null, WorkingDir: '', Entrypoint: null, OnBuild: null, Labels: null };

export function describeImage(store: Store, image: Image) {
  const { oci } = image;
  return {
    Id: `sha256:${image.id}`,
    RepoTags: image.tags,
    RepoDigests: image.digests,
    Parent: image.parent === '' ? '' : `sha256:${image.parent}`,
    Comment: oci.history.at(-1)?.comment ?? '',
    Created: oci.created,
    Author: oci.author ?? '',
    Architecture: oci.architecture,
    Os: oci.os,
    Size: image.size,
    GraphDriver: { Name: 'btrfs', Data: { Subvolume: store.layout.imageRootfs(image.id) } },
    RootFS: { Type: 'layers', Layers: oci.rootfs.diff_ids },
    Config: { ...NOTHING_SAID, ...oci.config },
    History: oci.history,
  };
}
