// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import type { Container } from '../../lib/containers/container';
import type { ContainerOptions } from '../../lib/containers/spec';
import type { Engine } from '../../lib/engine';
import { DockerliteError } from '../../lib/errors';
import type { Io } from '../io';
import type { ContainerArgs } from './container-options';

/** Creates the container `run` and `create` were asked for, with its image pulled if need be. @throws E_NO_SUCH_IMAGE in Docker's words */
export async function createFromArgs(engine: Engine, args: ContainerArgs, options: ContainerOptions, io: Io): Promise<Container> {
  const cidfile = args.cidfile === undefined ? undefined : claimCidFile(args.cidfile);
  try {
    if (args.pull === 'always') await pullFor(io, options.image, args);
    const create = async () => {
      await requirePlatform(engine, options.image, args.platform);
      return engine.containers.create(options);
    };
    const container = await create().catch(async (error: unknown) => {
      if (!isMissing(error, options.image)) throw error;
      if (args.pull !== 'missing') throw error;
      if (!args.quiet) io.warn(`Unable to find image '${withTag(options.image)}' locally`);
      await pullFor(io, options.image, args);
      return engine.containers.create(options);
    });
    cidfile?.write(container.id);
    for (const warning of container.warnings) io.warning(warning);
    return container;
  } catch (error) {
    cidfile?.discard();
    throw error;
  }
}

/** An image that is here for another platform is as good as none. @throws E_NO_SUCH_IMAGE, E_INVALID */
async function requirePlatform({ images }: Engine, name: string, text: string | undefined): Promise<void> {
  if (text === undefined || text === '') return;
  const { formatPlatform, parsePlatform, platformRank } = require('../../lib/registry/platform') as typeof import('../../lib/registry/platform');
  const wanted = parsePlatform(text);
  const { os, architecture, variant } = (await images.get(name)).oci;
  const offered = { os, architecture, ...(variant !== undefined && { variant }) };
  if (platformRank(wanted, offered) !== undefined) return;
  throw new DockerliteError('E_NO_SUCH_IMAGE', `image with reference ${name} was found but does not match the specified platform: wanted ${formatPlatform(wanted)}, actual: ${formatPlatform(offered)}`);
}

/** That the image itself is not there, and not what the container is to be made with. */
function isMissing(error: unknown, image: string): boolean {
  return error instanceof DockerliteError && error.code === 'E_NO_SUCH_IMAGE' && !image.startsWith('sha256:');
}

function withTag(image: string): string {
  return /[:@][^/]*$/.test(image) ? image : `${image}:latest`;
}

/** As `pull`, on stderr. That it failed is dockerlite's own failure, as far as the exit status of `run` goes. */
async function pullFor(io: Io, image: string, { platform, quiet }: ContainerArgs): Promise<void> {
  const { pullWithView } = require('../pull') as typeof import('../pull');
  await pullWithView(io, io.stderr, image, { platform, kind: quiet ? 'none' : 'auto' }).catch((error: unknown) => {
    throw error instanceof DockerliteError && error.code !== 'E_ABORTED' ? Object.assign(new Error(error.message, { cause: error }), { exitStatus: 125, hint: error.hint }) : error;
  });
}

/** The file is made before the container, so that two runs never share one. */
function claimCidFile(path: string): { write(id: string): void; discard(): void } {
  let fd: number;
  try {
    fd = openSync(path, 'wx', 0o644);
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === 'EEXIST';
    const message = exists ? `container ID file found, make sure the other container isn't running or delete ${path}` : `failed to create the container ID file: ${(error as Error).message}`;
    throw new DockerliteError('E_INVALID', message, { cause: error, path });
  }
  return {
    write(id) {
      writeSync(fd, id);
      closeSync(fd);
    },
    discard() {
      closeSync(fd);
      rmSync(path, { force: true });
    },
  };
}
