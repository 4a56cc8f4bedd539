// SPDX-License-Identifier: Apache-2.0
import { isTerminal } from '../../lib/binding/terminal';
import { DockerliteError } from '../../lib/errors';
import { DockerConfig, type Credentials } from '../../lib/registry/docker-config';
import type { Registries } from '../../lib/registry/registries';
import { defineCommand, UsageError } from '../command';
import type { Io } from '../io';
import { askLine, askSecret, readSecretFromStdin } from '../prompt';
import { serverOf, withRegistries } from './registry';

export default defineCommand({
  usage: '[OPTIONS] [SERVER]',
  describe: 'Log in to a registry, Docker Hub if none is named',
  examples: [
    ['login', 'Docker Hub; asks for name and password'],
    ['login -u ann --password-stdin registry.example:5000 < password', 'from a script'],
  ],
  options: {
    password: { type: 'string', alias: 'p', value: 'PASSWORD', describe: 'Password or access token' },
    'password-stdin': { type: 'boolean', default: false, describe: 'Read the password from stdin' },
    username: { type: 'string', alias: 'u', value: 'NAME', describe: 'User name' },
  },
  operands: [0, 1],
  async run({ password, username, _: [server], 'password-stdin': fromStdin }, io) {
    if (password !== undefined) io.warn('WARNING! Using --password via the CLI is insecure. Use --password-stdin.');
    if (password !== undefined && fromStdin) throw new UsageError('--password and --password-stdin are mutually exclusive', 1);
    if (fromStdin && (username ?? '') === '') throw new UsageError('Must provide --username with --password-stdin', 1);
    const host = serverOf(server);
    await withRegistries(async (registries, signal) => {
      if (username === undefined && password === undefined && (await tryExisting(registries, host, io, signal))) return;
      const credentials = fromStdin ? { username: username as string, password: readSecretFromStdin() } : ask(io, host, username, password);
      if (credentials.password === '') throw new DockerliteError('E_INVALID', 'password is empty');
      const { unencrypted } = await registries.login(host, credentials, signal);
      if (unencrypted) warnUnencrypted(io);
      io.print('Login Succeeded');
    });
  },
});

/** Whether what is known of the user still is welcome. */
async function tryExisting(registries: Registries, host: string, io: Io, signal: AbortSignal): Promise<boolean> {
  const existing = await registries.credentials(host);
  if (existing === undefined) return false;
  io.print('Authenticating with existing credentials...');
  try {
    await registries.login(host, existing, signal);
    io.print('Login Succeeded');
    return true;
  } catch (error) {
    if (!(error instanceof DockerliteError) || error.code !== 'E_UNAUTHORIZED') throw error;
    io.warn(`Login did not succeed, error: ${error.message}`);
    return false;
  }
}

function ask(io: Io, host: string, username: string | undefined, password: string | undefined): Credentials {
  if (username !== undefined && password !== undefined) return { username, password };
  if (!isTerminal(0)) throw new DockerliteError('E_REGISTRY', 'Cannot perform an interactive login from a non TTY device', { hint: 'Use --username with --password-stdin.' });
  if (host === 'docker.io' && username === undefined) io.warn('Log in with your Docker ID or email address to push and pull images from Docker Hub.');
  const name = username ?? askLine(io, 'Username: ').trim();
  if (name === '') throw new DockerliteError('E_INVALID', 'username is a required field');
  return { username: name, password: password ?? askSecret(io, 'Password: ') };
}

function warnUnencrypted(io: Io): void {
  io.warn(`\nWARNING! Your credentials are stored unencrypted in '${new DockerConfig().path}'.\nConfigure a credential helper to remove this warning. See\nhttps://docs.docker.com/go/credential-store/\n`);
}
