// SPDX-License-Identifier: Apache-2.0
import type { ContainerSummary } from '../../lib/containers/list';
import { shortId } from '../../lib/util/id';
import { humanSize } from './size';
import { portsText } from './ports';
import { ago, goTime, humanDuration } from './duration';
import { Row } from './row';

/** What a template of `ps` may name, in the order Docker's JSON has. */
export interface ContainerFields {
  Command: string;
  CreatedAt: string;
  ID: string;
  Image: string;
  /** `{{.Label "key"}}` in a template; not part of the JSON. */
  Label: (key?: unknown) => string;
  Labels: string;
  LocalVolumes: string;
  Mounts: string;
  Names: string;
  Networks: string;
  Ports: string;
  RunningFor: string;
  Size: string;
  State: string;
  Status: string;
}

export const CONTAINER_HEADINGS: ContainerFields = {
  Command: 'COMMAND',
  CreatedAt: 'CREATED AT',
  ID: 'CONTAINER ID',
  Image: 'IMAGE',
  Label: (key) => String(key ?? ''),
  Labels: 'LABELS',
  LocalVolumes: 'LOCAL VOLUMES',
  Mounts: 'MOUNTS',
  Names: 'NAMES',
  Networks: 'NETWORKS',
  Ports: 'PORTS',
  RunningFor: 'CREATED',
  Size: 'SIZE',
  State: 'STATE',
  Status: 'STATUS',
};

/** Worked out one by one: a table shows half of them, of what may be thousands of containers. */
export class ContainerRow extends Row implements ContainerFields {
  readonly #container: ContainerSummary;
  readonly #full: boolean;

  constructor(container: ContainerSummary, { full }: { full: boolean }) {
    super();
    this.#container = container;
    this.#full = full;
  }

  get Command() {
    return quoted(this.#cut(commandLine(this.#container.command), 20));
  }
  get CreatedAt() {
    return goTime(this.#container.created);
  }
  get ID() {
    return this.#full ? this.#container.id : shortId(this.#container.id);
  }
  get Image() {
    return imageName(this.#container, this.#full);
  }
  get Label() {
    const { labels } = this.#container;
    return (key: unknown) => (typeof key === 'string' && Object.hasOwn(labels, key) ? (labels[key] as string) : '');
  }
  get Labels() {
    return Object.entries(this.#container.labels).map(([key, value]) => `${key}=${value}`).join(',');
  }
  get LocalVolumes() {
    return String(this.#container.mounts.filter(({ type }) => type === 'volume').length);
  }
  get Mounts() {
    return mountNames(this.#container.mounts).map((mount) => this.#cut(mount, 15)).join(',');
  }
  get Names() {
    return this.#container.name;
  }
  get Networks() {
    return this.#container.networks.join(',');
  }
  get Ports() {
    return portsText(this.#container.ports);
  }
  get RunningFor() {
    return ago(this.#container.created);
  }
  get Size() {
    const { size } = this.#container;
    return size === undefined ? 'N/A' : `${humanSize(size.rw)} (virtual ${humanSize(size.rootFs)})`;
  }
  get State() {
    const { state } = this.#container;
    return state === 'starting' ? 'running' : state;
  }
  get Status() {
    return statusText(this.#container);
  }

  #cut(text: string, width: number): string {
    return this.#full ? text : ellipsis(text, width);
  }
}

/** Names of volumes, and where on the host the others come from. */
function mountNames(mounts: ContainerSummary['mounts']): string[] {
  return mounts.flatMap((mount) => (mount.type === 'tmpfs' ? [] : [mount.type === 'volume' ? mount.name : mount.source]));
}

/** "Up 3 seconds (healthy)", "Restarting (1) 2 seconds ago", "Exited (0) 5 minutes ago". */
export function statusText({ state, started, finished, exitCode, health }: ContainerSummary): string {
  if (state === 'restarting') return `Restarting (${exitCode}) ${ago(finished)}`;
  if (state === 'exited') return `Exited (${exitCode}) ${ago(finished)}`;
  if (state === 'created') return 'Created';
  const up = `Up ${humanDuration(started === 0 ? 0 : Date.now() - started)}`;
  if (state === 'paused') return `${up} (Paused)`;
  return health === 'none' ? up : `${up} (${health === 'starting' ? 'health: starting' : health})`;
}

/** An image that was named by its id is shown by the beginning of it. */
function imageName({ image, imageId }: ContainerSummary, full: boolean): string {
  const id = image.startsWith('sha256:') ? image.slice(7) : image;
  return !full && id === imageId ? shortId(id) : image;
}

/** Arguments with a space are put in quotes, the program's own name is not. */
function commandLine([program = '', ...args]: readonly string[]): string {
  return [program, ...args.map((arg) => (arg.includes(' ') ? `'${arg}'` : arg))].join(' ');
}

function ellipsis(text: string, width: number): string {
  if (text.length <= width) return text;
  const letters = [...text];
  return letters.length <= width ? text : `${letters.slice(0, width - 1).join('')}…`;
}

/** As Go quotes: in double quotes, with letters for control codes. */
function quoted(text: string): string {
  const json = JSON.stringify(text);
  // eslint-disable-next-line no-control-regex
  return /^[\x20-\x5b\x5d-\x7e]*$/.test(json) ? json : json.replace(/\\u00([0-9a-f]{2})/g, '\\x$1').replace(/[\u007f-\u009f]/g, (char) => `\\x${char.charCodeAt(0).toString(16)}`);
}
