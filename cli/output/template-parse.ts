// SPDX-License-Identifier: Apache-2.0

/** A template that cannot be read or applied; worded as Docker words it. */
export class TemplateError extends Error {
  readonly exitStatus = 1;
}

/** What stands between {{ and }}: a chain of calls, each given the result of the one before as its last argument. */
export type Pipeline = Term[][];

export type Term =
  | { kind: 'literal'; value: unknown }
  | { kind: 'field'; path: string[] }
  | { kind: 'variable'; name: string; path: string[] }
  | { kind: 'call'; name: string }
  | { kind: 'group'; pipeline: Pipeline; path: string[] };

/** A block up to its {{end}}. */
export interface Block {
  kind: 'if' | 'with' | 'range';
  pipeline: Pipeline;
  names: string[];
  body: Node[];
  otherwise: Node[];
}

export type Node = { kind: 'text'; text: string } | { kind: 'print'; pipeline: Pipeline; assign?: string } | Block;

/** Parses the part of Go's template language that people use with `--format`. @throws TemplateError */
export function parseTemplate(source: string): Node[] {
  const pieces = splitActions(source);
  let position = 0;

  function block(closers: readonly string[]): [Node[], string] {
    const nodes: Node[] = [];
    for (; position < pieces.length; position++) {
      const piece = pieces[position] as Piece;
      if (piece.kind === 'text') {
        if (piece.text !== '') nodes.push({ kind: 'text', text: piece.text });
        continue;
      }
      const [word = ''] = /^[a-z]+(?![\w.])/.exec(piece.text) ?? [];
      const rest = piece.text.slice(word.length).trim();
      if (word === 'end' || word === 'else') {
        if (!closers.includes(word)) throw fail(`unexpected {{${word}}}`);
        position++;
        return [nodes, word === 'else' && rest !== '' ? rest : word];
      }
      if (word === 'if' || word === 'with' || word === 'range') {
        position++;
        nodes.push(control(word, rest));
        position--;
      } else nodes.push(printed(piece.text));
    }
    if (closers.length > 0) throw fail('unexpected EOF');
    return [nodes, ''];
  }

  function control(kind: 'if' | 'with' | 'range', text: string): Node {
    const { names, rest } = declared(text);
    const pipeline = parsePipeline(rest, kind);
    const [body, closer] = block(['else', 'end']);
    if (closer === 'end') return { kind, pipeline, names, body, otherwise: [] };
    const chained = /^(if|with)\s+(.*)$/s.exec(closer);
    if (chained) return { kind, pipeline, names, body, otherwise: [control(chained[1] as 'if' | 'with', chained[2] as string)] };
    const [otherwise] = block(['end']);
    return { kind, pipeline, names, body, otherwise };
  }

  return block([])[0];
}

function printed(text: string): Node {
  const { names, rest } = declared(text);
  const [assign] = names;
  const pipeline = parsePipeline(rest, 'command');
  return assign === undefined ? { kind: 'print', pipeline } : { kind: 'print', pipeline, assign };
}

/** `$x := …` and `$k, $v := …` */
function declared(text: string): { names: string[]; rest: string } {
  const match = /^(\$\w+)(?:\s*,\s*(\$\w+))?\s*:?=\s*(.*)$/s.exec(text);
  if (!match) return { names: [], rest: text };
  return { names: [match[1], match[2]].filter((name) => name !== undefined), rest: match[3] as string };
}

type Piece = { kind: 'text' | 'action'; text: string };

function splitActions(source: string): Piece[] {
  const pieces: Piece[] = [];
  let text = '';
  for (let at = 0; at < source.length; ) {
    const open = source.indexOf('{{', at);
    if (open < 0) {
      text += source.slice(at);
      break;
    }
    text += source.slice(at, open);
    const close = endOfAction(source, open + 2);
    let inner = source.slice(open + 2, close);
    if (/^-\s/.test(inner)) {
      text = text.trimEnd();
      inner = inner.slice(1);
    }
    pieces.push({ kind: 'text', text });
    text = '';
    at = close + 2;
    if (/\s-$/.test(inner)) {
      inner = inner.slice(0, -1);
      while (at < source.length && /\s/.test(source[at] as string)) at++;
    }
    if (!inner.trim().startsWith('/*')) pieces.push({ kind: 'action', text: inner.trim() });
  }
  pieces.push({ kind: 'text', text });
  return pieces;
}

/** Where the action's }} is: one inside a string does not count. */
function endOfAction(source: string, from: number): number {
  const token = /"(?:\\.|[^"\\])*"|`[^`]*`|\}\}/gs;
  token.lastIndex = from;
  for (let match = token.exec(source); match; match = token.exec(source)) if (match[0] === '}}') return match.index;
  throw fail('unclosed action');
}

const TOKEN = /\s+|"(?:\\.|[^"\\\n])*"|`[^`]*`|-?\d+(?:\.\d+)?|\$\w*(?:\.\w+)*|(?:\.[\p{L}_][\p{L}\p{N}_]*)+|\.|[\p{L}_][\p{L}\p{N}_]*|[()|]/uy;

function parsePipeline(text: string, context: string): Pipeline {
  const tokens = tokenize(text);
  let at = 0;

  function pipeline(nested: boolean): Pipeline {
    const calls: Term[][] = [[]];
    for (; at < tokens.length; at++) {
      const token = tokens[at] as string;
      if (token === ')') {
        if (!nested) throw fail('unexpected right paren');
        break;
      }
      if (token === '|') calls.push([]);
      else (calls.at(-1) as Term[]).push(term(token));
    }
    if (nested && at >= tokens.length) throw fail('unclosed left paren');
    if (calls.some((call) => call.length === 0)) throw fail(`missing value for ${context}`);
    return calls;
  }

  function term(token: string): Term {
    if (token !== '(') return simpleTerm(token);
    at++;
    const inner = pipeline(true);
    const next = tokens[at + 1];
    if (next === undefined || !/^\.\S/.test(next)) return { kind: 'group', pipeline: inner, path: [] };
    at++;
    return { kind: 'group', pipeline: inner, path: next.slice(1).split('.') };
  }

  return pipeline(false);
}

function simpleTerm(token: string): Term {
  if (token.startsWith('"')) return { kind: 'literal', value: unquote(token) };
  if (token.startsWith('`')) return { kind: 'literal', value: token.slice(1, -1) };
  if (/^-?\d/.test(token)) return { kind: 'literal', value: Number(token) };
  if (token === 'true' || token === 'false') return { kind: 'literal', value: token === 'true' };
  if (token === 'nil') return { kind: 'literal', value: null };
  if (token === '.') return { kind: 'field', path: [] };
  if (token.startsWith('.')) return { kind: 'field', path: token.slice(1).split('.') };
  if (token.startsWith('$')) {
    const [name, ...path] = token.split('.');
    return { kind: 'variable', name: name as string, path };
  }
  return { kind: 'call', name: token };
}

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const from = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) throw fail(`unexpected ${JSON.stringify(text[from])} in command`);
    if (match[0].trim() !== '') tokens.push(match[0]);
  }
  return tokens;
}

function unquote(token: string): string {
  try {
    // A tab may stand in quotes for itself, to Go: `--format` makes one of \t before the template is read.
    return JSON.parse(token.replace(/\\'/g, "'").replaceAll('\t', '\\t')) as string;
  } catch {
    throw fail(`bad string ${token}`);
  }
}

export function fail(message: string): TemplateError {
  return new TemplateError(`template parsing error: template: :1: ${message}`);
}
