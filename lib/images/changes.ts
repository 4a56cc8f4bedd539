// SPDX-License-Identifier: Apache-2.0
import type { ImageConfig } from './config';
import { parseHealthcheck } from './healthcheck-instruction';
import { signalNumber } from '../util/signals';
import { DockerliteError } from '../errors';

type Apply = (config: ImageConfig, rest: string) => ImageConfig;

const INSTRUCTIONS: Record<string, Apply> = {
  CMD: (config, rest) => ({ ...config, Cmd: vector(rest) }),
  ENTRYPOINT: (config, rest) => ({ ...config, Entrypoint: vector(rest) }),
  USER: (config, rest) => ({ ...config, User: rest }),
  WORKDIR: (config, rest) => ({ ...config, WorkingDir: rest.startsWith('/') ? rest : `${config.WorkingDir ?? ''}/${rest}` }),
  STOPSIGNAL: (config, rest) => {
    signalNumber(rest);
    return { ...config, StopSignal: rest };
  },
  HEALTHCHECK: (config, rest) => ({ ...config, Healthcheck: parseHealthcheck(rest) }),
  ENV: (config, rest) => {
    const pairs = keyValues(rest);
    const kept = (config.Env ?? []).filter((entry) => !pairs.some(([key]) => entry.startsWith(`${key}=`)));
    return { ...config, Env: [...kept, ...pairs.map(([key, value]) => `${key}=${value}`)] };
  },
  LABEL: (config, rest) => ({ ...config, Labels: { ...config.Labels, ...Object.fromEntries(keyValues(rest)) } }),
  EXPOSE: (config, rest) => ({ ...config, ExposedPorts: { ...config.ExposedPorts, ...setOf(rest.split(/\s+/).map(port)) } }),
  VOLUME: (config, rest) => ({ ...config, Volumes: { ...config.Volumes, ...setOf(rest.startsWith('[') ? vector(rest) : rest.split(/\s+/)) } }),
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

function keyValues(rest: string): [string, string][] {
  const words = rest.match(/(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+/g) ?? [];
  if (words[0] !== undefined && !words[0].includes('=')) return [[words[0], rest.slice(words[0].length).trim()]];
  return words.map((word) => {
    const equals = word.indexOf('=');
    if (equals < 1) throw new DockerliteError('E_INVALID', `Syntax error - can't find = in "${word}". Must be of the form: name=value`);
    return [word.slice(0, equals), unquote(word.slice(equals + 1))];
  });
}

function unquote(text: string): string {
  return text.replace(/"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/g, (_all, double?: string, single?: string, escaped?: string) =>
    double !== undefined ? double.replace(/\\(.)/g, '$1') : (single ?? escaped ?? ''),
  );
}

function port(text: string): string {
  const match = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/.exec(text);
  if (match === null || Number(match[1]) < 1 || Number(match[1]) > 65535) throw new DockerliteError('E_INVALID', `Invalid containerPort: ${text}`);
  return `${Number(match[1])}/${match[2] ?? 'tcp'}`;
}

function setOf(names: string[]): Record<string, Record<string, never>> {
  return Object.fromEntries(names.map((name) => [name, {}]));
}
