// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';

const PIECES = /'([^']*)'|"((?:[^"\\]|\\[^])*)"|\\([^])|(\$[A-Za-z_]\w*|\$\{[^}]*\})/g;
const QUOTED_PIECES = /()()\\(["$\\])|(\$[A-Za-z_]\w*|\$\{[^}]*\})/g;

/** A word of a Dockerfile instruction, without its quotes and with variables of the image's environment replaced. @throws E_INVALID */
export function expandWord(word: string, env: readonly string[]): string {
  return replacePieces(word, PIECES, env);
}

function replacePieces(text: string, pieces: RegExp, env: readonly string[]): string {
  return text.replace(pieces, (_all, single?: string, double?: string, escaped?: string, variable?: string) => {
    if (variable !== undefined) return valueOf(variable, env);
    if (escaped !== undefined) return escaped;
    return double ? replacePieces(double, QUOTED_PIECES, env) : (single ?? '');
  });
}

/** $NAME, ${NAME}, ${NAME:-instead}, ${NAME:+instead}, the last two without their colon too. */
function valueOf(text: string, env: readonly string[]): string {
  const [, name, colon, kind, instead = ''] = /^\$\{?([A-Za-z_]\w*)(?:(:?)([-+])([^]*?))?\}?$/.exec(text) ?? [];
  if (name === undefined) throw new DockerliteError('E_INVALID', `unsupported variable: ${text}`);
  const value = env.findLast((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
  const there = value !== undefined && !(colon === ':' && value === '');
  if (kind === '+') return there ? expandWord(instead, env) : '';
  return there || kind === undefined ? (value ?? '') : expandWord(instead, env);
}
