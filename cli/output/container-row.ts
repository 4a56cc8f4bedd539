// SPDX-License-Identifier: Apache-2.0
import type { ContainerSummary } from '../../lib/containers/list';
import { shortId } from '../../lib/util/id';
import { humanSize } from './size';
import { portsText } from './ports';
import { ago, goTime, humanDuration } from './duration';

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

export function containerFields(container: ContainerSummary, { full }: { full: boolean }): ContainerFields {
  const cut = (text: string, width: number) => (full ? text : ellipsis(text, width));
  return {
    Command: quoted(cut(commandLine(container.command), 20)),
    // Not in the usual table, of which there may be a thousand rows.
    get CreatedAt() {
      return goTime(container.created);
    },
    ID: full ? container.id : shortId(container.id),
    Image: imageName(container, full),
    Label: (key) => (typeof key === 'string' && Object.hasOwn(container.labels, key) ? (container.labels[key] as string) : ''),
    get Labels() {
      return Object.entries(container.labels).map(([key, value]) => `${key}=${value}`).join(',');
    },
    LocalVolumes: String(container.mounts.filter(({ type }) => type === 'volume').length),
    get Mounts() {
      return mountNames(container.mounts).map((mount) => cut(mount, 15)).join(',');
    },
    Names: container.name,
    Networks: container.networks.join(','),
    Ports: portsText(container.ports),
    RunningFor: ago(container.created),
    Size: container.size === undefined ? 'N/A' : `${humanSize(container.size.rw)} (virtual ${humanSize(container.size.rootFs)})`,
    State: container.state === 'starting' ? 'running' : container.state,
    Status: statusText(container),
  };
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
  const letters = [...text];
  return letters.length <= width ? text : `${letters.slice(0, width - 1).join('')}…`;
}

/** As Go quotes: in double quotes, with letters for control codes. */
function quoted(text: string): string {
  // eslint-disable-next-line no-control-regex
  return JSON.stringify(text).replace(/\\u00([0-9a-f]{2})/g, '\\x$1').replace(/[\u007f-\u009f]/g, (char) => `\\x${char.charCodeAt(0).toString(16)}`);
}
