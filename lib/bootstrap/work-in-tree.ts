// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import * as btrfs from '../binding/btrfs';
import { Container } from '../containers/container';
import { createFromTree } from '../containers/create';
import { containerById } from '../containers/record';
import { DockerliteError } from '../errors';
import { MOUNT_POINTS } from '../images/mount-points';
import { randomId } from '../util/id';
import { atWork } from '../util/owner';
import { checkAborted } from '../util/aborted';
import type { Job } from './bootstrap';

/** Where the container sees `files`. It is empty, and there, in every image. */
export const FILES = '/mnt';
const KEPT = 4096;

interface Work {
  /** What the image will be called. */
  name: string;
  /** For /bin/sh -e. */
  script: string;
  /** Directory of the host to look at. */
  files?: string;
  env?: string[];
}

/**
 * Runs a script in a container whose root is a copy of the workspace's tree, without a network; when it has succeeded gives that root to
 * `use`. The container then waits for the end of its stdin, which is ours: it ends, and removes itself, when this process is killed.
 * @throws E_SYSTEM with the end of what the script wrote
 */
export async function workInTree({ context, workspace, options }: Job, work: Work, use: (rootfs: string) => Promise<void>): Promise<void> {
  const { signal } = options;
  checkAborted(signal);
  const id = randomId();
  await btrfs.makeMountPoints(workspace.rootfs, [...MOUNT_POINTS.directories, FILES.slice(1)], MOUNT_POINTS.files);
  await atWork([id], async () => {
    await createFromTree(context, id, workspace.rootfs, {
      image: work.name,
      name: `bootstrap-${id.slice(0, 12)}`,
      command: ['/bin/sh', '-ec', `(${work.script}\n) </dev/null 2>&1\necho "$0"\nread -r nothing || :`, id],
      env: ['LC_ALL=C', ...(work.env ?? [])],
      network: 'none',
      openStdin: true,
      log: { driver: 'none' },
      ...(work.files !== undefined && { mounts: [{ type: 'bind', source: work.files, target: FILES, readonly: true }] }),
    });
    const container = new Container(context, id);
    const stop = () => void container.kill().catch(() => undefined);
    try {
      const attachment = await container.start({ attach: { stdin: true, stdout: true, stderr: true } });
      signal?.addEventListener('abort', stop, { once: true });
      if (signal?.aborted === true) stop();
      const { done, text } = await readUntil(attachment.stdout as Readable, id);
      checkAborted(signal);
      if (!done) throw failed(work.name, (await attachment.exited).exitCode, text);
      await use(context.store.layout.containerRootfs(id));
      attachment.stdin?.end();
    } finally {
      signal?.removeEventListener('abort', stop);
      if (containerById(context.store, id) !== undefined) await container.remove({ force: true }).catch(ignoreRemoved);
    }
  });
}

/** Reads until a line is `mark`; the end of what came before. */
async function readUntil(stream: Readable, mark: string): Promise<{ done: boolean; text: string }> {
  let text = '';
  let done = false;
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    text = (text + chunk).slice(-KEPT - mark.length);
    done ||= text.endsWith(`${mark}\n`);
    if (done) stream.emit('marked');
  });
  await Promise.race([once(stream, 'end'), once(stream, 'marked'), once(stream, 'close')]);
  return { done, text };
}

function failed(name: string, status: number, text: string): DockerliteError {
  const lines = text.trimEnd().split('\n').slice(-12).join('\n');
  return new DockerliteError('E_SYSTEM', `${name} could not be set up: its packages' configuration ended with status ${status}\n${lines}`);
}

function ignoreRemoved(error: unknown): void {
  if (!(error instanceof DockerliteError) || !['E_NO_SUCH_CONTAINER', 'E_CONFLICT'].includes(error.code)) throw error;
}
