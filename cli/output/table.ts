// SPDX-License-Identifier: Apache-2.0

/** Without the three spaces behind it. */
const NARROWEST = 7;

/** Columns as Docker's tables have them: as wide as their widest cell but no less than ten with the three spaces between, the last one not padded. */
export function formatTable(rows: readonly (readonly string[])[], narrowest = NARROWEST): string {
  const widths: number[] = [];
  const cells = rows.map((row) => row.map(printable));
  for (const row of cells) {
    row.forEach((cell, column) => {
      if (column < row.length - 1) widths[column] = Math.max(widths[column] ?? narrowest, displayWidth(cell));
    });
  }
  const line = (row: string[]) =>
    row.map((cell, column) => (column < row.length - 1 ? cell + ' '.repeat((widths[column] ?? 0) - displayWidth(cell) + 3) : cell)).join('');
  return cells.map((row) => `${line(row)}\n`).join('');
}

/** A cell is one line, and no file name or label may write control codes to a terminal. */
export function printable(cell: string): string {
  // eslint-disable-next-line no-control-regex
  return /[\u0000-\u001f\u007f-\u009f]/.test(cell) ? cell.replace(/[\u0000-\u001f\u007f-\u009f]/g, (char) => (char === '\t' ? ' ' : `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`)) : cell;
}

/** Terminal columns; wide characters take two. */
function displayWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const char of text) if (!/\p{Mn}|\p{Me}|\p{Cf}/u.test(char)) width += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(char) ? 2 : 1;
  return width;
}
