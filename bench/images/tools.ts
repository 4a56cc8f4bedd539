// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import type { Bed } from '../bed';
import { cliPath } from '../cli';
import { docker, isInstalled, type Peer, podman } from '../peers';

/** A program that moves images about: the command lines of what it can. */
export interface ImageTool {
  name: string;
  pull(name: string): string[];
  /** An archive of the image of this name. */
  load(file: string, name: string): string[];
  push(name: string): string[];
  save(name: string, file: string): string[];
  tag(name: string, other: string): string[];
  /** Takes away what a pull or a load of it left. */
  forget(name: string): string[];
  begin(): Promise<() => Promise<void>>;
}

const OURS = 'dockerlite';

export function isOurs({ name }: ImageTool): boolean {
  return name === OURS;
}

/** Ourselves, then those of the others that are installed, each with a place of its own on the store's file system. */
export function imageTools(bed: Bed): ImageTool[] {
  const ours = withCommands(OURS, [cliPath(), '--root', bed.store.root], [], async () => async () => undefined);
  const [theirs, others] = [docker(bed), podman(bed)];
  return [ours, theirs && toolOf(theirs), others && toolOf(others, ['--tls-verify=false']), skopeo(bed)].filter((tool) => tool !== undefined);
}

export function toolOf({ name, command, begin }: Peer, insecure: string[] = []): ImageTool {
  return withCommands(name, command, insecure, begin);
}

function withCommands(name: string, command: string[], insecure: string[], begin: ImageTool['begin']): ImageTool {
  return {
    name,
    pull: (image) => [...command, 'pull', ...insecure, image],
    load: (file) => [...command, 'load', '-i', file],
    push: (image) => [...command, 'push', ...insecure, image],
    save: (image, file) => [...command, 'save', '-o', file, image],
    tag: (image, other) => [...command, 'tag', image, other],
    forget: (image) => [...command, 'rmi', '-f', image],
    begin,
  };
}

/** skopeo moves images, umoci makes a tree of them: together what the others do. */
function skopeo(bed: Bed): ImageTool | undefined {
  if (!isInstalled('skopeo') || !isInstalled('umoci')) return undefined;
  const place = (image: string) => join(bed.scratch('skopeo'), image.replace(/[^a-z0-9]+/g, '-'));
  const layout = (image: string) => `oci:${place(image)}/oci:latest`;
  const copy = (from: string, to: string) => ['skopeo', '--insecure-policy', 'copy', '-q', '--src-tls-verify=false', '--dest-tls-verify=false', from, to];
  const unpacked = (from: string, image: string) => ['sh', '-c', `mkdir -p ${place(image)} && ${copy(from, layout(image)).join(' ')} && umoci unpack --image ${place(image)}/oci:latest ${place(image)}/bundle`];
  return {
    name: 'skopeo and umoci',
    pull: (image) => unpacked(`docker://${image}`, image),
    load: (file, image) => unpacked(`docker-archive:${file}`, image),
    push: (image) => copy(layout(image), `docker://${image}`),
    save: (image, file) => copy(layout(image), `docker-archive:${file}:${image}`),
    tag: (image, other) => ['sh', '-c', `mkdir -p ${place(other)} && cp -a ${place(image)}/oci ${place(other)}/oci`],
    forget: (image) => ['rm', '-rf', place(image)],
    begin: async () => async () => undefined,
  };
}
