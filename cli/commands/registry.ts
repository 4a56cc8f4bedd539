// SPDX-License-Identifier: Apache-2.0
import { Registries } from '../../lib/registry/registries';
import type { RegistryOptions } from '../../lib/registry/settings';
import { interruptible } from '../interruptible';

/** Docker Hub, as `login` without an operand means it. */
const DEFAULT_SERVER = 'docker.io';

/** Runs something that asks registries; the user may interrupt it. */
export function withRegistries<T>(work: (registries: Registries, signal: AbortSignal) => Promise<T>, options: RegistryOptions = {}): Promise<T> {
  return interruptible(async (signal) => {
    await using registries = new Registries(options);
    return await work(registries, signal);
  });
}

/** The registry an operand of `login` and `logout` names: a host, or a URL as older documents have it. */
export function serverOf(word: string | undefined): string {
  const host = (word ?? '').replace(/^https?:\/\//, '').replace(/\/.*$/s, '');
  return host === '' || host === 'index.docker.io' || host === 'registry-1.docker.io' ? DEFAULT_SERVER : host;
}
