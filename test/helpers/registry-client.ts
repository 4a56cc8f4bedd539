// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Credentials } from '../../lib/registry/docker-config';
import { CredentialStore } from '../../lib/registry/credentials';
import { DockerConfig } from '../../lib/registry/docker-config';
import { Registries } from '../../lib/registry/registries';
import type { Patience, RegistryOptions } from '../../lib/registry/settings';

/** Short enough for a test of what takes too long, long enough for a busy machine. */
export const IMPATIENT: Partial<Patience> = { connect: 20_000, answer: 20_000, idle: 20_000, attempts: 3, backOff: 1, longestPause: 2000 };

/** Registries as a user sees them whose configuration is empty and will be thrown away. */
export class TestRegistries extends Registries {
  private constructor(
    readonly directory: string,
    options: RegistryOptions,
  ) {
    super(options);
  }

  static make({ patience, ...options }: RegistryOptions = {}): TestRegistries {
    const directory = mkdtempSync(join(tmpdir(), 'registries-'));
    return new TestRegistries(directory, { dockerConfig: directory, certificates: [], patience: { ...IMPATIENT, ...patience }, ...options });
  }

  async knows(host: string, credentials: Credentials): Promise<this> {
    await new CredentialStore(new DockerConfig(this.directory)).store(host, credentials);
    return this;
  }

  override async close(): Promise<void> {
    await super.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

export async function bytesOf(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  return Buffer.concat(await collect(stream));
}
