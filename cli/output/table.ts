// SPDX-License-Identifier: Apache-2.0

/** Without the three spaces behind it. */
const NARROWEST = 7;

/** Columns as Docker's tables have them: as wide as their widest cell but no less than ten with the three spaces between, the last one not padded. */
export function formatTable(rows: readonly (readonly string[])[], narrowest = NARROWEST): string {
  const widths: number[] = [];
  const lines = rows.map((row) => {
    // Nearly every row: a look at all of it instead of three at each of its cells.
    const cells = isAscii(row.join('')) ? row : row.map(printable);
    const width = cells === row ? (cell: string) => cell.length : displayWidth;
    for (let column = 0; column < cells.length - 1; column++) widths[column] = Math.max(widths[column] ?? narrowest, width(cells[column] as string));
    return { cells, width };
  });
  return lines
    .map(({ cells, width }) => `${cells.map((cell, column) => (column < cells.length - 1 ? cell + ' '.repeat((widths[column] as number) - width(cell) + 3) : cell)).join('')}\n`)
    .join('');
}

/** Without control codes; as many columns as letters. */
function isAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

/** A cell is one line, and no file name or label may write control codes to a terminal. */
export function printable(cell: string): string {
  // eslint-disable-next-line no-control-regex
  return /[\u0000-\u001f\u007f-\u009f]/.test(cell) ? cell.replace(/[\u0000-\u001f\u007f-\u009f]/g, (char) => (char === '\t' ? ' ' : `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`)) : cell;
}

/** Terminal columns; wide characters take two. */
function displayWidth(text: string): number {
  if (isAscii(text)) return text.length;
  let width = 0;
  for (const char of text) if (!/\p{Mn}|\p{Me}|\p{Cf}/u.test(char)) width += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(char) ? 2 : 1;
  return width;
}
