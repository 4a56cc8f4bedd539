// SPDX-License-Identifier: Apache-2.0
import { posix } from 'node:path';
import type { ImageConfig } from './config';
import { expandWord } from './expand-word';
import { parseHealthcheck } from './healthcheck-instruction';
import { parseExpose } from '../util/ports';
import { signalNumber } from '../util/signals';
import { DockerliteError } from '../errors';

type Apply = (config: ImageConfig, rest: string) => ImageConfig;

const INSTRUCTIONS: Record<string, Apply> = {
  CMD: (config, rest) => ({ ...config, Cmd: vector(rest) }),
  ENTRYPOINT: (config, rest) => ({ ...config, Entrypoint: vector(rest) }),
  USER: (config, rest) => ({ ...config, User: word(config, rest) }),
  WORKDIR: (config, rest) => ({ ...config, WorkingDir: posix.resolve('/', config.WorkingDir ?? '', word(config, rest)) }),
  STOPSIGNAL: (config, rest) => {
    const signal = word(config, rest);
    signalNumber(signal);
    return { ...config, StopSignal: signal };
  },
  HEALTHCHECK: (config, rest) => ({ ...config, Healthcheck: parseHealthcheck(rest) }),
  ENV: (config, rest) => {
    const merged = new Map((config.Env ?? []).map((entry) => [entry.split('=', 1)[0], entry]));
    for (const [key, value] of keyValues('ENV', config, rest)) merged.set(key, `${key}=${value}`);
    return { ...config, Env: [...merged.values()] };
  },
  LABEL: (config, rest) => ({ ...config, Labels: { ...config.Labels, ...Object.fromEntries(keyValues('LABEL', config, rest)) } }),
  EXPOSE: (config, rest) => ({ ...config, ExposedPorts: { ...config.ExposedPorts, ...setOf(words(config, rest).flatMap(ports)) } }),
  VOLUME: (config, rest) => ({ ...config, Volumes: { ...config.Volumes, ...setOf(rest.startsWith('[') ? vector(rest) : words(config, rest)) } }),
};

/** Applies Dockerfile instructions as `commit --change` and `import --change` take them. @throws E_INVALID */
export function applyChanges(config: ImageConfig, changes: string[]): ImageConfig {
  return changes.reduce((current, change) => {
    const match = /^\s*([A-Za-z]+)\s+(.*\S)\s*$/s.exec(change);
    const apply = match?.[1] === undefined ? undefined : INSTRUCTIONS[match[1].toUpperCase()];
    if (apply === undefined) {
      throw new DockerliteError('E_INVALID', `${match?.[1] ?? change} is not a valid change command`, {
        hint: `use one of ${Object.keys(INSTRUCTIONS).join(', ')}`,
      });
    }
    return apply(current, match?.[2] ?? '');
  }, config);
}

/** JSON array form, or the shell form that runs through /bin/sh. */
function vector(rest: string): string[] {
  if (rest.startsWith('[')) {
    try {
      const parsed: unknown = JSON.parse(rest);
      if (Array.isArray(parsed) && parsed.every((word) => typeof word === 'string')) return parsed;
    } catch {
      // as Docker does: what is no JSON is a shell command
    }
  }
  return ['/bin/sh', '-c', rest];
}

function word(config: ImageConfig, text: string): string {
  return expandWord(text, config.Env ?? []);
}

function words(config: ImageConfig, rest: string): string[] {
  return rest.split(/\s+/).map((text) => word(config, text));
}

/** KEY=VALUE any number of times, or KEY and a value that is the rest of the line. */
function keyValues(instruction: string, config: ImageConfig, rest: string): [string, string][] {
  const pairs = rest.match(/(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+/g) ?? [];
  const [first] = pairs;
  if (first !== undefined && !first.includes('=')) {
    const value = rest.slice(first.length).trim();
    if (value === '') throw new DockerliteError('E_INVALID', `${instruction} must have two arguments`);
    return [[word(config, first), word(config, value)]];
  }
  return pairs.map((pair) => {
    const equals = pair.indexOf('=');
    if (equals < 1) throw new DockerliteError('E_INVALID', `Syntax error - can't find = in "${pair}". Must be of the form: name=value`);
    return [word(config, pair.slice(0, equals)), word(config, pair.slice(equals + 1))];
  });
}

function ports(text: string): string[] {
  if (!/^\d{1,5}(-\d{1,5})?(\/(tcp|udp|sctp))?$/i.test(text)) throw new DockerliteError('E_INVALID', `Invalid containerPort: ${text}`);
  return parseExpose(text);
}

function setOf(names: string[]): Record<string, Record<string, never>> {
  return Object.fromEntries(names.map((name) => [name, {}]));
}
