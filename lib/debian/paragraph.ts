// SPDX-License-Identifier: Apache-2.0

/** The fields of one paragraph of a control file, by their names in lower case; lines that go on are joined by line ends. */
export type Paragraph = ReadonlyMap<string, string>;

export function parseParagraph(text: string): Paragraph {
  const fields = new Map<string, string>();
  let last: string | undefined;
  for (const line of text.split('\n')) {
    if (line.startsWith('#')) continue;
    if (/^[ \t]/.test(line)) {
      if (last !== undefined) fields.set(last, `${fields.get(last)}\n${line.trim()}`);
      continue;
    }
    const colon = line.indexOf(':');
    if (colon < 1) continue;
    last = line.slice(0, colon).toLowerCase();
    fields.set(last, line.slice(colon + 1).trim());
  }
  return fields;
}

export function parseParagraphs(text: string): Paragraph[] {
  return text
    .split(/\n[ \t\r]*(?:\n[ \t\r]*)+/)
    .map(parseParagraph)
    .filter((paragraph) => paragraph.size > 0);
}

/** Words of a field. */
export function words(value: string | undefined): string[] {
  return (value ?? '').split(/\s+/).filter((word) => word !== '');
}
