// SPDX-License-Identifier: Apache-2.0
import type { ImageTreeNode } from '../../lib/images/tree';
import { shortId } from '../../lib/util/id';
import { humanSize } from './size';
import { formatTable } from './table';

const HEADINGS = ['IMAGE', 'ID', 'DISK USAGE', 'CONTENT SIZE', 'EXTRA'];
const WIDTHS = HEADINGS.map((heading) => heading.length);

/** Docker's tree; below an image are those made from it, where Docker has the platforms of one. */
export function formatImageTree(roots: readonly ImageTreeNode[]): string {
  const rows = roots.flatMap((root) => nodeRows(root, '', ''));
  return formatTable([HEADINGS, ...rows]).replace(/ +$/gm, '');
}

/** The names, longest first, a line each; the last one's line has the figures. */
function nodeRows({ image, inUse, ownSize, children }: ImageTreeNode, first: string, others: string): string[][] {
  const names = image.tags.length === 0 ? ['<untagged>'] : [...image.tags].sort((a, b) => b.length - a.length);
  const figures = [shortId(image.id), right(humanSize(image.size), 2), right(humanSize(ownSize), 3), inUse ? 'U' : ''];
  const own = names.map((name, index) => [
    `${index === 0 ? first : others}${name}`,
    ...(index === names.length - 1 ? figures : ['', '', '', '']),
  ]);
  const below = children.flatMap((child, index) => {
    const last = index === children.length - 1;
    return nodeRows(child, `${others}${last ? '└─ ' : '├─ '}`, `${others}${last ? '   ' : '│  '}`);
  });
  return [...own, ...below];
}

function right(text: string, column: number): string {
  return text.padStart(WIDTHS[column] ?? 0);
}
