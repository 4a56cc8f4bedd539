// SPDX-License-Identifier: Apache-2.0
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { DockerliteError } from '../errors';
import { isObject } from './manifest';

/** What a registry is told of a user. */
export interface Credentials {
  username: string;
  password: string;
  /** An OAuth2 refresh token instead of a password. */
  identityToken?: string;
  /** A bearer token to send as it is. */
  registryToken?: string;
}

/** The fields of Docker's config.json that are used here; whatever else is in it is kept as it is. */
interface ConfigFile extends Record<string, unknown> {
  auths?: Record<string, unknown>;
  credsStore?: string;
  credHelpers?: Record<string, string>;
  HttpHeaders?: Record<string, string>;
}

/** Docker's own client configuration, shared with it: $DOCKER_CONFIG/config.json, else ~/.docker/config.json. */
export class DockerConfig {
  readonly path: string;

  constructor(directory = process.env['DOCKER_CONFIG'] || join(homedir(), '.docker')) {
    this.path = join(directory, 'config.json');
  }

  /** An absent file is an empty one. @throws E_INVALID */
  read(): ConfigFile {
    let text: string;
    try {
      text = readFileSync(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
      throw this.broken((error as Error).message, error);
    }
    if (text.trim() === '') return {};
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch (error) {
      throw this.broken((error as Error).message, error);
    }
    if (!isObject(parsed)) throw this.broken('not a JSON object');
    for (const key of ['auths', 'credHelpers', 'HttpHeaders']) {
      if (parsed[key] !== undefined && parsed[key] !== null && !isObject(parsed[key])) throw this.broken(`${key} is not an object`);
    }
    return parsed;
  }

  /** Reads, changes and replaces the file: readers see the old one or the new one, and only its owner can read it. */
  update(change: (config: ConfigFile) => void): void {
    const config = this.read();
    change(config);
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    const target = this.target();
    const temporary = `${target}.${process.pid}.tmp`;
    try {
      const fd = openSync(temporary, 'w', statSync(target, { throwIfNoEntry: false })?.mode ?? 0o600);
      try {
        writeSync(fd, JSON.stringify(config, null, '\t'));
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      renameSync(temporary, target);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw new DockerliteError('E_SYSTEM', `error saving credentials: ${(error as Error).message}`, { path: target, cause: error });
    }
  }

  get headers(): Record<string, string> {
    const { HttpHeaders: headers } = this.read();
    return Object.fromEntries(Object.entries(headers ?? {}).filter(([name, value]) => typeof value === 'string' && isOwnHeader(name)));
  }

  /** Dotfiles are often symbolic links: what they point to is written. */
  private target(): string {
    try {
      return realpathSync(this.path);
    } catch {
      return this.path;
    }
  }

  private broken(why: string, cause?: unknown): DockerliteError {
    return new DockerliteError('E_INVALID', `error loading config file: ${this.path}: ${why}`, { path: this.path, cause });
  }
}

/** Not those that say where a request goes, who asks and how long it is. */
function isOwnHeader(name: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) && !/^(?:host|authorization|proxy-.*|content-.*|transfer-encoding|connection|te|upgrade|expect|range|accept)$/i.test(name);
}
