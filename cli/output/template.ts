// SPDX-License-Identifier: Apache-2.0
import { type Block, type Node, parseTemplate, type Pipeline, TemplateError, type Term } from './template-parse';
import { hasField } from './row';
import { callFunction, FUNCTIONS, isTrue, show } from './template-functions';

export { TemplateError } from './template-parse';

export interface TemplateOptions {
  /** Whether a field that is not there is an error: always of the rows of a list, of what `inspect` shows when it is not one of a map's. */
  fields?: 'rows' | 'inspect';
  /** What is done to every text that a field holds. */
  clean?: (text: string) => string;
}

/** Fields that hold maps, whose keys may be missing. */
const MAPS = new Set(['Annotations', 'Containers', 'Data', 'DriverOpts', 'ExposedPorts', 'Labels', 'Networks', 'Options', 'PortBindings', 'Ports', 'StorageOpt', 'Sysctls', 'Tmpfs', 'Volumes']);
/** Fields that are there only when they have something to say. */
const OPTIONAL = new Set(['Annotations', 'Driver', 'ExposedPorts', 'Health', 'Healthcheck', 'Metadata', 'Mounts', 'Name', 'Shell', 'SizeRootFs', 'SizeRw', 'StopSignal', 'StopTimeout', 'Variant', 'VirtualSize']);

/** Compiles a `--format` template; the result is applied to one value at a time. @throws TemplateError */
export function compileTemplate(source: string, options: TemplateOptions = {}): (value: unknown) => string {
  const nodes = parseTemplate(source);
  checkCalls(nodes);
  const run = (value: unknown) => new Run(value, options).text(nodes, value);
  const parts = options.fields === 'rows' ? plainParts(nodes) : undefined;
  return parts === undefined ? run : (row) => plainRow(parts, row as object, options.clean) ?? run(row);
}

type Part = { text: string } | { field: string };

/** Of a template that is text and fields of a row, as nearly every table's is. */
function plainParts(nodes: readonly Node[]): Part[] | undefined {
  const parts: Part[] = [];
  for (const node of nodes) {
    if (node.kind === 'text') parts.push({ text: node.text });
    else if (node.kind !== 'print' || node.assign !== undefined || node.pipeline.length !== 1) return undefined;
    else {
      const [term, ...others] = node.pipeline[0] as [Term, ...Term[]];
      if (term.kind !== 'field' || term.path.length !== 1 || others.length > 0) return undefined;
      parts.push({ field: term.path[0] as string });
    }
  }
  return parts;
}

/** What a Run would give, for a tenth of its time: there may be thousands of rows. Undefined where it takes more than reading fields. */
function plainRow(parts: readonly Part[], row: object, clean?: TemplateOptions['clean']): string | undefined {
  let text = '';
  for (const part of parts) {
    if ('text' in part) text += part.text;
    else {
      // No object has a text that is no field.
      const value = (row as Record<string, unknown>)[part.field];
      if (typeof value !== 'string') return undefined;
      text += clean === undefined ? value : clean(value);
    }
  }
  return text;
}

/** One application: variables live here. */
class Run {
  private readonly variables = new Map<string, unknown>();
  private readonly maps = new WeakSet<object>();

  constructor(
    root: unknown,
    private readonly options: TemplateOptions,
  ) {
    this.variables.set('$', root);
  }

  text(nodes: readonly Node[], dot: unknown): string {
    let text = '';
    for (const node of nodes) text += this.node(node, dot);
    return text;
  }

  private node(node: Node, dot: unknown): string {
    if (node.kind === 'text') return node.text;
    const value = this.pipeline(node.pipeline, dot);
    if (node.kind === 'print') {
      if (node.assign === undefined) return show(value);
      this.variables.set(node.assign, value);
      return '';
    }
    if (node.kind === 'range') return this.range(node, value, dot);
    const [name] = node.names;
    if (name !== undefined) this.variables.set(name, value);
    if (!isTrue(value)) return this.text(node.otherwise, dot);
    return this.text(node.body, node.kind === 'with' ? value : dot);
  }

  private range(node: Block, value: unknown, dot: unknown): string {
    const entries = entriesOf(value);
    if (entries.length === 0) return this.text(node.otherwise, dot);
    const [first, second] = node.names;
    return entries
      .map(([key, item]) => {
        if (second !== undefined) this.variables.set(second, item);
        if (first !== undefined) this.variables.set(first, second === undefined ? item : key);
        return this.text(node.body, item);
      })
      .join('');
  }

  private pipeline(pipeline: Pipeline, dot: unknown): unknown {
    let previous: { value: unknown } | undefined;
    for (const call of pipeline) previous = { value: this.call(call, dot, previous) };
    return previous?.value;
  }

  private call(terms: readonly Term[], dot: unknown, previous: { value: unknown } | undefined): unknown {
    const [head, ...rest] = terms as [Term, ...Term[]];
    const args = [...rest.map((term) => this.term(term, dot)), ...(previous ? [previous.value] : [])];
    if (head.kind === 'call') return callFunction(head.name, args);
    const value = this.term(head, dot);
    // A method of a row, such as Label.
    if (typeof value === 'function') return (value as (...args: unknown[]) => unknown)(...args);
    if (args.length > 0) throw executing("can't give argument to non-function");
    return value;
  }

  private term(term: Term, dot: unknown): unknown {
    switch (term.kind) {
      case 'literal':
        return term.value;
      case 'field':
        return this.follow(dot, term.path);
      case 'variable':
        if (!this.variables.has(term.name)) throw new TemplateError(`template parsing error: template: :1: undefined variable "${term.name}"`);
        return this.follow(this.variables.get(term.name), term.path);
      case 'group':
        return this.follow(this.pipeline(term.pipeline, dot), term.path);
      case 'call':
        return callFunction(term.name, []);
    }
  }

  private follow(value: unknown, path: readonly string[]): unknown {
    let inMap = this.maps.has(value as object);
    for (const [i, name] of path.entries()) {
      if (value === null || value === undefined) {
        if (this.options.fields === 'rows') throw executing(`nil data; no entry for key "${name}"`);
        if (this.options.fields === 'inspect' && !inMap) throw missing(path, path[Math.max(0, i - 1)] as string);
        return undefined;
      }
      if (typeof value !== 'object' || Array.isArray(value)) throw executing(`can't evaluate field ${name} in type ${goType(value)}`);
      const has = hasField(value, name);
      if (!has && this.options.fields === 'rows') throw executing(`can't evaluate field ${name}`);
      if (!has && this.options.fields === 'inspect' && !inMap && !OPTIONAL.has(name)) throw missing(path, name);
      value = has ? (value as Record<string, unknown>)[name] : undefined;
      inMap = MAPS.has(name) || (name === 'Config' && path[i - 1] === 'LogConfig');
      if (inMap && typeof value === 'object' && value !== null) this.maps.add(value);
    }
    return typeof value === 'string' && this.options.clean !== undefined ? this.options.clean(value) : value;
  }
}

function missing(path: readonly string[], name: string): TemplateError {
  return executing(`executing "" at <.${path.join('.')}>: map has no entry for key "${name}"`);
}

/** Go visits a map's keys in order. */
function entriesOf(value: unknown): [unknown, unknown][] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.map((item, index) => [index, item]);
  if (typeof value === 'object') return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  throw executing(`range can't iterate over ${show(value)}`);
}

function goType(value: unknown): string {
  if (Array.isArray(value)) return '[]interface {}';
  return { string: 'string', number: 'float64', boolean: 'bool' }[typeof value as string] ?? typeof value;
}

function executing(message: string): TemplateError {
  return new TemplateError(`template parsing error: template: :1: ${message}`);
}

/** A misspelt function is an error of the template, not of the first value it meets. */
function checkCalls(nodes: readonly Node[]): void {
  const pipeline = (one: Pipeline) => {
    for (const term of one.flat()) {
      if (term.kind === 'group') pipeline(term.pipeline);
      if (term.kind === 'call' && !Object.hasOwn(FUNCTIONS, term.name)) {
        throw new TemplateError(`template parsing error: template: :1: function "${term.name}" not defined`);
      }
    }
  };
  for (const node of nodes) {
    if (node.kind === 'text') continue;
    pipeline(node.pipeline);
    if (node.kind === 'print') continue;
    checkCalls(node.body);
    checkCalls(node.otherwise);
  }
}
