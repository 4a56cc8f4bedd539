// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import { parseDuration } from '../util/duration';
import type { Healthcheck } from './config';

const TIMES: Record<string, 'Interval' | 'Timeout' | 'StartPeriod' | 'StartInterval'> = {
  interval: 'Interval',
  timeout: 'Timeout',
  'start-period': 'StartPeriod',
  'start-interval': 'StartInterval',
};

/** Dockerfile's HEALTHCHECK: `[OPTIONS] CMD command`, in JSON or for the shell, or `NONE`. @throws E_INVALID */
export function parseHealthcheck(rest: string): Healthcheck {
  let check: Healthcheck = {};
  let text = rest;
  for (let flag = /^--(\S+)\s*/.exec(text); flag !== null; flag = /^--(\S+)\s*/.exec(text)) {
    check = { ...check, ...parseFlag(flag[1] as string) };
    text = text.slice(flag[0].length);
  }
  const [, type = '', command = ''] = /^(\S*)\s*(.*)$/s.exec(text) as RegExpExecArray;
  switch (type.toUpperCase()) {
    case 'NONE':
      if (command !== '') throw invalid('HEALTHCHECK NONE takes no arguments');
      return { Test: ['NONE'] };
    case 'CMD':
      if (command === '') throw invalid('Missing command after HEALTHCHECK CMD');
      return { Test: testOf(command), ...check };
    case '':
      throw invalid('HEALTHCHECK requires at least one argument');
    default:
      throw invalid(`Unknown type "${type}" for HEALTHCHECK (try CMD)`);
  }
}

function parseFlag(flag: string): Healthcheck {
  const [, name = '', value = ''] = /^([^=]*)=?(.*)$/s.exec(flag) as RegExpExecArray;
  if (name === 'retries') {
    if (!/^\d{1,9}$/.test(value)) throw invalid(`--retries cannot be negative or other than a number (${value})`);
    return Number(value) === 0 ? {} : { Retries: Number(value) };
  }
  const key = TIMES[name];
  if (key === undefined) throw invalid(`Unknown flag: ${name}`);
  let ns: number;
  try {
    ns = parseDuration(value);
  } catch (error) {
    throw invalid((error as Error).message);
  }
  if (ns !== 0 && ns < 1e6) throw invalid(`Interval "${name}" cannot be less than 1ms`);
  return ns === 0 ? {} : { [key]: ns };
}

function testOf(command: string): string[] {
  if (command.startsWith('[')) {
    try {
      const words: unknown = JSON.parse(command);
      if (Array.isArray(words) && words.every((word) => typeof word === 'string')) return ['CMD', ...words];
    } catch {
      // what is no JSON is a shell command
    }
  }
  return ['CMD-SHELL', command];
}

function invalid(message: string): DockerliteError {
  return new DockerliteError('E_INVALID', message);
}
