// SPDX-License-Identifier: Apache-2.0

/** One challenge of a WWW-Authenticate header (RFC 9110, 11.6.1). */
export interface Challenge {
  /** Lower case: `bearer`, `basic`. */
  scheme: string;
  /** Names in lower case. */
  parameters: Record<string, string>;
}

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const PARAMETER = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+.^_`|~0-9A-Za-z:/?@=-]*))/sy;
const SEPARATOR = /[ \t]*(?:,[ \t]*)*/y;
const SPACE = /[ \t]+/y;

/** Longer than any honest one, and short enough that reading it takes no time. */
const LONGEST = 16_384;

/** Reads all challenges; what cannot be understood ends the list and what was read before counts. */
export function parseChallenges(header: string | readonly string[] | undefined): Challenge[] {
  return [header ?? []].flat().flatMap(parseOne);
}

function parseOne(header: string): Challenge[] {
  const text = header.slice(0, LONGEST);
  const challenges: Challenge[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match !== null) at = pattern.lastIndex;
    return match ?? undefined;
  };
  take(SEPARATOR);
  while (at < text.length) {
    const scheme = take(TOKEN)?.[0].toLowerCase();
    if (scheme === undefined) break;
    const challenge: Challenge = { scheme, parameters: {} };
    challenges.push(challenge);
    const start = at;
    if (take(SPACE) === undefined && !/^[ \t]*(?:,|$)/.test(text.slice(start, start + 64))) break;
    for (;;) {
      const parameter = take(PARAMETER);
      if (parameter === undefined) break;
      const name = (parameter[1] as string).toLowerCase();
      const value = parameter[2]?.replace(/\\(.)/gs, '$1') ?? parameter[3] ?? '';
      if (!Object.hasOwn(challenge.parameters, name)) Object.defineProperty(challenge.parameters, name, { value, enumerable: true });
      take(SEPARATOR);
    }
    take(SEPARATOR);
  }
  return challenges;
}
