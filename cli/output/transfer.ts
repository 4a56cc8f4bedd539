// SPDX-License-Identifier: Apache-2.0
import { isatty } from 'node:tty';
import type { LayerState, TransferEvent } from '../../lib/images/transfer';
import { currentSize } from '../session/terminal';
import type { Output } from './output';
import { Rates } from './rates';
import { humanSize } from './size';

/** How progress is shown: lines that change, lines that follow one another, one JSON object a line, nothing. */
export const PROGRESS = ['auto', 'tty', 'plain', 'json', 'none'] as const;
export type ProgressKind = (typeof PROGRESS)[number];

export interface TransferView {
  show(event: TransferEvent): void;
  /** A line for people, after what has been shown. */
  note(text: string): void;
}

type Layer = Extract<TransferEvent, { kind: 'layer' }>;

/** As Docker names them. */
const PHRASES: Readonly<Record<LayerState, string>> = {
  waiting: 'Pulling fs layer',
  downloading: 'Downloading',
  downloaded: 'Download complete',
  extracting: 'Extracting',
  complete: 'Pull complete',
  preparing: 'Preparing',
  pushing: 'Pushing',
  pushed: 'Pushed',
  mounted: 'Mounted from',
  exists: 'Already exists',
};

export function makeView(kind: ProgressKind, output: Output, words: Partial<typeof PHRASES> = {}): TransferView {
  const phrases = { ...PHRASES, ...words };
  const chosen = kind === 'auto' ? (isatty(output.fd) ? 'tty' : 'plain') : kind;
  if (chosen === 'tty') return new TerminalView(output, phrases);
  if (chosen === 'json') return new JsonView(output, phrases);
  return new PlainView(output, phrases, chosen === 'none');
}

function phraseOf(event: Layer, phrases: typeof PHRASES): string {
  return event.from === undefined ? phrases[event.state] : `${phrases[event.state]} ${event.from}`;
}

function messageOf(event: Extract<TransferEvent, { kind: 'message' }>): string {
  return event.id === undefined ? event.text : `${event.id}: ${event.text}`;
}

/** The digits people see of a layer. */
function idOf({ digest }: Layer): string {
  return digest.replace(/^sha\d+:/, '').slice(0, 12);
}

/** One line for every change of state, as a log wants it. */
class PlainView implements TransferView {
  private readonly last = new Map<string, string>();

  constructor(
    private readonly output: Output,
    private readonly phrases: typeof PHRASES,
    private readonly silent: boolean,
  ) {}

  show(event: TransferEvent): void {
    if (this.silent) return;
    if (event.kind === 'message') return this.note(messageOf(event));
    const moving = ['downloading', 'extracting', 'pushing'].includes(event.state);
    const phrase = phraseOf(event, this.phrases);
    if (moving || this.last.get(event.digest) === phrase) return;
    this.last.set(event.digest, phrase);
    this.note(`${idOf(event)}: ${phrase}`);
  }

  note(text: string): void {
    if (!this.silent) this.output.write(`${text}\n`);
  }
}

/** One line for each layer, written over: Docker's, with the rate beside it. */
class TerminalView implements TransferView {
  private readonly lines = new Map<string, number>();
  private readonly rates = new Rates();
  private height = 0;

  constructor(
    private readonly output: Output,
    private readonly phrases: typeof PHRASES,
  ) {}

  show(event: TransferEvent): void {
    if (event.kind === 'message') return this.note(messageOf(event));
    const known = this.lines.get(event.digest);
    const whole = `${idOf(event)}: ${phraseOf(event, this.phrases)} ${this.progress(event)}`.trimEnd();
    // A line that wraps would be two.
    const text = whole.slice(0, (currentSize()?.columns ?? 80) - 1);
    if (known === undefined) {
      this.lines.set(event.digest, this.height);
      return this.note(text);
    }
    const up = this.height - known;
    this.output.write(`\u001b[${up}A\r\u001b[2K${text}\u001b[${up}B\r`);
  }

  note(text: string): void {
    this.output.write(`${text}\n`);
    this.height++;
  }

  private progress({ digest, state, current, total }: Layer): string {
    if (current === undefined || !['downloading', 'extracting', 'pushing'].includes(state)) return '';
    const rate = this.rates.add(`${digest} ${state}`, current);
    const speed = rate === undefined ? '' : `  ${humanSize(rate)}/s`;
    if (total === undefined || total === 0) return `${humanSize(current)}${speed}`;
    const width = 50;
    const filled = Math.min(width, Math.floor((current / total) * width));
    const bar = `[${'='.repeat(Math.max(0, filled - 1))}${filled > 0 ? '>' : ''}${' '.repeat(width - filled)}]`;
    return `${bar}  ${humanSize(current)}/${humanSize(total)}${speed}`;
  }
}

/** Docker's API messages, one a line. */
class JsonView implements TransferView {
  constructor(
    private readonly output: Output,
    private readonly phrases: typeof PHRASES,
  ) {}

  show(event: TransferEvent): void {
    if (event.kind === 'message') return this.write({ status: event.text, ...(event.id !== undefined && { id: event.id }) });
    const { current, total } = event;
    this.write({ status: phraseOf(event, this.phrases), progressDetail: { ...(current !== undefined && { current }), ...(total !== undefined && { total }) }, id: idOf(event) });
  }

  note(text: string): void {
    this.write({ status: text });
  }

  private write(message: object): void {
    this.output.write(`${JSON.stringify(message)}\n`);
  }
}
