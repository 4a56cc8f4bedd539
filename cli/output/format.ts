// SPDX-License-Identifier: Apache-2.0
import { compileTemplate } from './template';
import { formatTable } from './table';

export interface RowFormat<Row extends object> {
  /** The template of a table when --format is not given, e.g. `table {{.ID}}\t{{.Names}}`. */
  standard: string;
  /** Heading of each field in a table. */
  headings: Readonly<Record<string, unknown>>;
  /** Each is looked at once. */
  rows: Iterable<Row>;
  /** Only the ids (-q). */
  quiet?: string;
}

/** Renders rows as `--format` asks: 'table …', 'table', 'json', 'raw' text with a template. @throws TemplateError */
export function formatRows<Row extends object>(format: string | undefined, { standard, headings, rows, quiet }: RowFormat<Row>): string {
  if (quiet !== undefined && (format === undefined || format === 'table')) format = `{{.${quiet}}}`;
  if (format === undefined || format === '' || format === 'table') format = standard;
  if (format === 'json') format = '{{json .}}';
  const template = unescapeTabs(format);
  const table = /^table\s+/.exec(template);
  const apply = compileTemplate(table ? template.slice(table[0].length) : template, { fields: 'rows' });
  if (!table) return Array.from(rows, (row) => `${apply(row)}\n`).join('');
  // Control codes of a cell must not become columns, so that what a row holds is cleaned before the tabs are looked at.
  const lines = Array.from(rows, (row) => apply(cleaned(row)).split('\t'));
  return formatTable([apply(headings).split('\t'), ...lines]);
}

/** Field by field: a table shows few of those there are. */
function cleaned(row: object): object {
  return new Proxy(row, {
    get(target, key) {
      const value = Reflect.get(target, key) as unknown;
      return typeof value === 'string' ? value.replaceAll('\t', ' ') : value;
    },
  });
}

/** A shell passes \t as two letters. */
function unescapeTabs(format: string): string {
  return format.replace(/\\([tn])/g, (_, letter: string) => (letter === 't' ? '\t' : '\n'));
}
