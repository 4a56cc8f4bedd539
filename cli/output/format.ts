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
  if (!table) {
    const apply = compileTemplate(template, { fields: 'rows' });
    return Array.from(rows, (row) => `${apply(row)}\n`).join('');
  }
  // What a row holds must not become columns.
  const apply = compileTemplate(template.slice(table[0].length), { fields: 'rows', clean: (text) => (text.includes('\t') ? text.replaceAll('\t', ' ') : text) });
  const lines = Array.from(rows, (row) => apply(row).split('\t'));
  return formatTable([apply(headings).split('\t'), ...lines]);
}

/** A shell passes \t as two letters. */
function unescapeTabs(format: string): string {
  return format.replace(/\\([tn])/g, (_, letter: string) => (letter === 't' ? '\t' : '\n'));
}
