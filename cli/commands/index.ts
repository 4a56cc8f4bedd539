// SPDX-License-Identifier: Apache-2.0
import type { Command } from '../command';

export type Group = 'common' | 'container' | 'image' | 'network' | 'volume' | 'system' | 'first-version';

export interface CommandEntry {
  summary: string;
  group: Group;
  aliases?: readonly string[];
  /** Not in the help. */
  hidden?: boolean;
  /** Evaluates the command's code; nothing of it is touched before. */
  load(): { default: Command };
}

/** Every command, in the order the help shows them. One of two words is found by way of the first: see MANAGEMENT. */
export const COMMANDS: Record<string, CommandEntry> = {
  run: { summary: 'Create and run a new container from an image', group: 'common', load: () => require('./run') },
  exec: { summary: 'Execute a command in a running container', group: 'common', load: () => require('./exec') },
  ps: { summary: 'List containers', group: 'common', load: () => require('./ps') },
  images: { summary: 'List images', group: 'common', load: () => require('./images') },

  attach: { summary: 'Attach local standard input, output, and error streams to a running container', group: 'container', load: () => require('./attach') },
  commit: { summary: "Create a new image from a container's changes", group: 'container', load: () => require('./commit') },
  create: { summary: 'Create a new container', group: 'container', load: () => require('./create') },
  kill: { summary: 'Kill one or more running containers', group: 'container', load: () => require('./kill') },
  logs: { summary: 'Fetch the logs of a container', group: 'container', load: () => require('./logs') },
  pause: { summary: 'Pause all processes within one or more containers', group: 'container', load: () => require('./pause') },
  port: { summary: 'List port mappings or a specific mapping for the container', group: 'container', load: () => require('./port') },
  rename: { summary: 'Rename a container', group: 'container', load: () => require('./rename') },
  restart: { summary: 'Restart one or more containers', group: 'container', load: () => require('./restart') },
  rm: { summary: 'Remove one or more containers', group: 'container', load: () => require('./rm') },
  stats: { summary: 'Display a live stream of what containers use of the machine', group: 'container', load: () => require('./stats') },
  start: { summary: 'Start one or more stopped containers', group: 'container', load: () => require('./start') },
  stop: { summary: 'Stop one or more running containers', group: 'container', load: () => require('./stop') },
  top: { summary: 'Display the running processes of a container', group: 'container', load: () => require('./top') },
  unpause: { summary: 'Unpause all processes within one or more containers', group: 'container', load: () => require('./unpause') },
  update: { summary: 'Update configuration of one or more containers', group: 'container', load: () => require('./update') },
  wait: { summary: 'Block until one or more containers stop, then print their exit codes', group: 'container', load: () => require('./wait') },

  __complete: { summary: 'Print what may follow on a command line', group: 'system', hidden: true, load: () => require('./complete') },
  completion: { summary: 'Print a script that completes dockerlite command lines', group: 'system', load: () => require('./completion') },
  bench: { summary: 'Measure this machine, beside C programs that do the same', group: 'system', load: () => require('./bench') },
  cp: { summary: 'Copy files/folders between a container and the local filesystem', group: 'container', load: () => require('./cp') },
  diff: { summary: "Inspect changes to files or directories on a container's filesystem", group: 'container', load: () => require('./diff') },
  export: { summary: "Export a container's filesystem as a tar archive", group: 'container', load: () => require('./export') },
  inspect: { summary: 'Return low-level information on containers, images and volumes', group: 'container', load: () => require('./inspect') },
  import: { summary: 'Import the contents of a directory or tarball to create an image', group: 'image', load: () => require('./import') },
  history: { summary: 'Show the history of an image', group: 'image', load: () => require('./history') },
  load: { summary: 'Load images from a tar archive or stdin', group: 'image', load: () => require('./load') },
  login: { summary: 'Log in to a registry', group: 'image', load: () => require('./login') },
  logout: { summary: 'Log out from a registry', group: 'image', load: () => require('./logout') },
  'manifest inspect': { summary: 'Display an image manifest, or a list of them', group: 'image', load: () => require('./manifest-inspect') },
  pull: { summary: 'Download an image from a registry', group: 'image', load: () => require('./pull') },
  push: { summary: 'Upload an image to a registry', group: 'image', load: () => require('./push') },
  rmi: { summary: 'Remove one or more images', group: 'image', load: () => require('./rmi') },
  save: { summary: 'Save one or more images to a tar archive', group: 'image', load: () => require('./save') },
  search: { summary: 'Search Docker Hub or another registry for images', group: 'image', load: () => require('./search') },
  tags: { summary: 'List the tags of a repository in its registry', group: 'image', load: () => require('./tags') },
  tag: { summary: 'Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE', group: 'image', load: () => require('./tag') },

  'network connect': { summary: 'Connect a container to a network', group: 'network', load: () => require('./network-connect') },
  'network create': { summary: 'Create a network', group: 'network', load: () => require('./network-create') },
  'network disconnect': { summary: 'Disconnect a container from a network', group: 'network', load: () => require('./network-disconnect') },
  'network inspect': { summary: 'Display detailed information on one or more networks', group: 'network', load: () => require('./network-inspect') },
  'network ls': { summary: 'List networks', group: 'network', load: () => require('./network-ls') },
  'network prune': { summary: 'Remove all unused networks', group: 'network', load: () => require('./network-prune') },
  'network rm': { summary: 'Remove one or more networks', group: 'network', load: () => require('./network-rm') },

  'volume create': { summary: 'Create a volume', group: 'volume', load: () => require('./volume-create') },
  'volume inspect': { summary: 'Display detailed information on one or more volumes', group: 'volume', load: () => require('./volume-inspect') },
  'volume ls': { summary: 'List volumes', group: 'volume', load: () => require('./volume-ls') },
  'volume prune': { summary: 'Remove unused local volumes', group: 'volume', load: () => require('./volume-prune') },
  'volume rm': { summary: 'Remove one or more volumes', group: 'volume', load: () => require('./volume-rm') },
  'volume snapshot': { summary: 'Create a volume with what another one holds now', group: 'volume', load: () => require('./volume-snapshot') },

  check: { summary: 'Look for damage and leftovers in the store, and repair them', group: 'system', hidden: true, load: () => require('./check') },
  'container prune': { summary: 'Remove all stopped containers', group: 'container', load: () => require('./container-prune') },
  'image bootstrap': { summary: "Make a base image from the machine's own package mirror", group: 'image', load: () => require('./image-bootstrap') },
  'image receive': { summary: 'Receive images that were sent from another store', group: 'image', load: () => require('./image-receive') },
  'image send': { summary: 'Send an image or a container to another store', group: 'image', load: () => require('./image-send') },
  'image prune': { summary: 'Remove unused images', group: 'image', load: () => require('./image-prune') },
  'system df': { summary: 'Show what takes space in the store', group: 'system', load: () => require('./system-df') },
  'system prune': { summary: 'Remove unused data', group: 'system', load: () => require('./system-prune') },
  boot: { summary: 'Start the containers that should run, after the machine has come up', group: 'system', load: () => require('./boot') },
  events: { summary: 'Get real time events from the store', group: 'system', load: () => require('./events') },
  info: { summary: 'Display system-wide information', group: 'system', load: () => require('./info') },
  init: { summary: 'Make a store', group: 'system', load: () => require('./init') },
  version: { summary: 'Show the versions of dockerlite and of what it runs on', group: 'system', load: () => require('./version') },
  alias: { summary: 'Display a convenient alias to run dockerlite', group: 'first-version', load: () => require('./alias') },
  chroot: { summary: 'Get a shell in the file system of a container, without containerization', group: 'first-version', load: () => require('./chroot') },
  findpid: { summary: "Find the pid of a container's first process", group: 'first-version', load: () => require('./findpid') },
  lsa: { summary: 'List IP addresses allocated to containers', group: 'first-version', load: () => require('./lsa') },
  lsc: { summary: 'List containers', group: 'first-version', load: () => require('./lsc') },
  lsi: { summary: 'List images', group: 'first-version', load: () => require('./lsi') },
  mkc: { summary: 'Create a new container from an image', group: 'first-version', load: () => require('./mkc') },
  mki: { summary: 'Create a new image from the state of a container', group: 'first-version', load: () => require('./mki') },
  rmc: { summary: 'Destroy a container', group: 'first-version', load: () => require('./rmc') },
  rootfs: { summary: "Show where a container's file system is", group: 'first-version', load: () => require('./rootfs') },
  runc: { summary: 'Run a command in an existing container', group: 'first-version', load: () => require('./runc') },
  runi: { summary: 'Create a new container from an image and run a command in it', group: 'first-version', load: () => require('./runi') },
  running: { summary: 'Check if a container is running', group: 'first-version', load: () => require('./running') },
  seta: { summary: 'Give a container an IP address', group: 'first-version', load: () => require('./seta') },
};

/** `dockerlite container ls` and the like: Docker's second way to say the same. The words are put before the user's own. */
export const MANAGEMENT: Record<string, { summary: string; commands: Record<string, readonly string[]> }> = {
  container: {
    summary: 'Manage containers',
    commands: {
      ...same('attach', 'commit', 'cp', 'create', 'diff', 'exec', 'export', 'kill', 'logs', 'pause', 'port', 'rename', 'restart', 'rm', 'run'),
      ...same('start', 'stats', 'stop', 'top', 'unpause', 'update', 'wait'),
      inspect: ['inspect', '--type=container'],
      ls: ['ps'],
      list: ['ps'],
      prune: ['container prune'],
      ps: ['ps'],
      remove: ['rm'],
    },
  },
  image: {
    summary: 'Manage images',
    commands: {
      ...same('history', 'import', 'load', 'pull', 'push', 'save', 'tag'),
      inspect: ['inspect', '--type=image'],
      ls: ['images'],
      list: ['images'],
      bootstrap: ['image bootstrap'],
      prune: ['image prune'],
      receive: ['image receive'],
      rm: ['rmi'],
      remove: ['rmi'],
      send: ['image send'],
    },
  },
  network: {
    summary: 'Manage networks',
    commands: {
      connect: ['network connect'],
      create: ['network create'],
      disconnect: ['network disconnect'],
      inspect: ['network inspect'],
      list: ['network ls'],
      ls: ['network ls'],
      prune: ['network prune'],
      remove: ['network rm'],
      rm: ['network rm'],
    },
  },
  volume: {
    summary: 'Manage volumes',
    commands: {
      create: ['volume create'],
      inspect: ['volume inspect'],
      list: ['volume ls'],
      ls: ['volume ls'],
      prune: ['volume prune'],
      remove: ['volume rm'],
      rm: ['volume rm'],
      snapshot: ['volume snapshot'],
    },
  },
  manifest: { summary: 'Look at image manifests in registries', commands: { inspect: ['manifest inspect'] } },
  system: { summary: 'Manage dockerlite', commands: { ...same('check', 'events', 'info', 'init'), df: ['system df'], prune: ['system prune'] } },
};

function same(...names: string[]): Record<string, readonly string[]> {
  return Object.fromEntries(names.map((name) => [name, [name]]));
}

/** The entry a word on the command line names. */
export function findCommand(word: string): [name: string, entry: CommandEntry] | undefined {
  if (Object.hasOwn(COMMANDS, word)) return [word, COMMANDS[word] as CommandEntry];
  return Object.entries(COMMANDS).find(([, entry]) => entry.aliases?.includes(word));
}

export function loadCommand(entry: CommandEntry): Command {
  return entry.load().default;
}
