// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import type { Container } from '../../lib/containers/container';
import type { ContainerOptions } from '../../lib/containers/spec';
import type { Engine } from '../../lib/engine';
import { DockerliteError } from '../../lib/errors';
import type { Io } from '../io';
import type { ContainerArgs } from './container-options';

/** Creates the container `run` and `create` were asked for. @throws E_NO_SUCH_IMAGE in Docker's words */
export async function createFromArgs(engine: Engine, args: ContainerArgs, options: ContainerOptions, io: Io): Promise<Container> {
  const cidfile = args.cidfile === undefined ? undefined : claimCidFile(args.cidfile);
  try {
    const container = await engine.containers.create(options);
    cidfile?.write(container.id);
    for (const warning of container.warnings) io.warning(warning);
    return container;
  } catch (error) {
    cidfile?.discard();
    throw error instanceof DockerliteError && error.code === 'E_NO_SUCH_IMAGE' ? imageMissing(options.image, args.pull, error) : error;
  }
}

function imageMissing(image: string, pull: string, cause: DockerliteError): DockerliteError {
  const name = /[:@][^/]*$/.test(image) ? image : `${image}:latest`;
  if (pull === 'never') return new DockerliteError('E_NO_SUCH_IMAGE', `No such image: ${name}`, { cause });
  const hint = 'Registries are not there yet: `dockerlite import` makes an image of a directory or a tar file.';
  return new DockerliteError('E_NO_SUCH_IMAGE', `Unable to find image '${name}' locally`, { cause, hint });
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
