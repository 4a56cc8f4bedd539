// SPDX-License-Identifier: Apache-2.0
import { isatty } from 'node:tty';
import type { Container } from '../../lib/containers/container';
import { copyFromHost, copyToHost } from '../../lib/containers/host-archive';
import { DockerliteError } from '../../lib/errors';
import { type Args, defineCommand, type OptionSpecs, UsageError } from '../command';
import { type CopyEnd, meansContent, meansDirectory, parseCopyEnd, planCopy, resolveInContainer, resolveLocal } from '../copy-plan';
import { interruptible } from '../interruptible';
import type { Io } from '../io';
import { humanSize } from '../output/size';
import { toStdout } from '../output/stdout-archive';
import { containerDestination, containerSource, localDestination, localSource } from './cp-ends';

const OPTIONS = {
  archive: { type: 'boolean', alias: 'a', default: false, describe: 'Keep the owners; otherwise copies belong to root in the container, to you here' },
  'follow-link': { type: 'boolean', alias: 'L', default: false, describe: 'Copy what a symbolic link leads to' },
  quiet: { type: 'boolean', alias: 'q', describe: 'Do not say what was copied; so by default where stdout is no terminal' },
} as const satisfies OptionSpecs;

type CopyArgs = Args<typeof OPTIONS>;

export default defineCommand({
  usage: '[OPTIONS] CONTAINER:PATH PATH|-   or   cp [OPTIONS] PATH|- CONTAINER:PATH',
  describe: 'Copy files between a container and this machine; - is a tar archive on stdin or stdout',
  examples: [
    ['cp web:/etc/nginx .', 'a directory out of a container'],
    ['cp nginx.conf web:/etc/nginx/', 'a file into one'],
    ['cp conf/. web:/etc/nginx', 'what is in a directory'],
    ['cp web:/var/log - | tar t', 'as an archive'],
    ['cp ./a:b web:/tmp', 'a name with a colon'],
  ],
  options: OPTIONS,
  operands: [2, 2],
  async run(args, io) {
    const [from, to] = (args._ as [string, string]).map(parseCopyEnd) as [CopyEnd, CopyEnd];
    checkEnds(args._ as [string, string], from, to);
    const { containers } = await io.engine();
    const container = await containers.get((from.container ?? to.container) as string);
    const bytes = await interruptible((signal) =>
      from.container !== undefined ? copyOut(container, from.path, to.path, args, signal) : copyIn(container, from.path, to, args, signal),
    );
    if (bytes !== undefined && !(args.quiet ?? !isatty(1))) report(io, bytes, to);
  },
});

function checkEnds([source, destination]: readonly [string, string], from: CopyEnd, to: CopyEnd): void {
  if (source === '') throw new UsageError('source can not be empty', 1);
  if (destination === '') throw new UsageError('destination can not be empty', 1);
  if (from.container !== undefined && to.container !== undefined) throw new UsageError('copying between containers is not supported', 1);
  if (from.container === undefined && to.container === undefined) throw new UsageError('must specify at least one container source', 1);
  const inside = from.container === undefined ? to : from;
  if (inside.path === '') throw new UsageError(`a path is missing after ${inside.container}:`, 1);
}

function report(io: Io, bytes: number, { container, path }: CopyEnd): void {
  io.warn(`Successfully copied ${humanSize(bytes)} to ${container === undefined ? resolveLocal(path) : `${container}:${path}`}`);
}

async function copyOut(container: Container, from: string, to: string, args: CopyArgs, signal: AbortSignal): Promise<number | undefined> {
  const path = resolveInContainer(from);
  const followLink = args['follow-link'] || meansDirectory(path);
  if (to === '-') {
    if (isatty(1)) throw new DockerliteError('E_INVALID', 'cowardly refusing to write an archive to a terminal. Redirect stdout');
    await toStdout(() => container.copyOut(path, { fd: 1 }, { followLink, signal, ...(meansContent(path) && { rename: '' }) }));
    return undefined;
  }
  const source = await containerSource(container, path, followLink);
  const { directory, name } = planCopy(source, localDestination(resolveLocal(to)));
  const owner = args.archive ? undefined : { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  return copyToHost(container, path, directory, { followLink, rename: name, owner, signal });
}

async function copyIn(container: Container, from: string, to: CopyEnd, args: CopyArgs, signal: AbortSignal): Promise<number | undefined> {
  const destination = await containerDestination(container, resolveInContainer(to.path));
  if (from === '-') {
    if (isatty(0)) throw new DockerliteError('E_INVALID', 'cowardly refusing to read an archive from a terminal. Redirect stdin');
    if (destination.kind !== 'directory') throw new DockerliteError('E_CONFLICT', `destination "${to.container}:${to.path}" must be a directory`);
    await container.copyIn({ fd: 0 }, destination.path, { keepKinds: true, signal });
    return undefined;
  }
  const path = resolveLocal(from);
  const followLink = args['follow-link'] || meansDirectory(path);
  const { directory, name } = planCopy(localSource(path, followLink), destination);
  const owner = args.archive ? undefined : { uid: 0, gid: 0 };
  return copyFromHost(container, path, directory, { followLink, rename: name, owner, signal });
}
