// SPDX-License-Identifier: Apache-2.0

export type Attributes = Record<string, string | number>;

/** One element; `content` is markup already, `text()` makes it of words. */
export function element(name: string, attributes: Attributes, content = ''): string {
  const words = Object.entries(attributes).map(([key, value]) => ` ${key}="${escape(typeof value === 'number' ? round(value) : value)}"`);
  return content === '' ? `<${name}${words.join('')}/>` : `<${name}${words.join('')}>${content}</${name}>`;
}

export function text(x: number, y: number, words: string, attributes: Attributes = {}): string {
  return element('text', { x, y, ...attributes }, escape(words));
}

export function line(x1: number, y1: number, x2: number, y2: number, attributes: Attributes): string {
  return element('line', { x1, y1, x2, y2, ...attributes });
}

/** A whole file, on a white ground, so that it can be read on a dark page too. */
export function svgDocument(width: number, height: number, title: string, parts: readonly string[]): string {
  const ground = element('rect', { width, height, fill: '#ffffff' });
  const content = [element('title', {}, escape(title)), ground, ...parts].join('\n');
  const attributes = { xmlns: 'http://www.w3.org/2000/svg', viewBox: `0 0 ${width} ${height}`, width, height, 'font-family': 'sans-serif', 'font-size': 13 };
  return `${element('svg', attributes, `\n${content}\n`)}\n`;
}

export function escape(words: string): string {
  return words.replace(/[&<>"]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[character] as string);
}

function round(value: number): string {
  return String(Math.round(value * 100) / 100);
}
