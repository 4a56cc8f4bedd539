// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os';
import { lxcVersion } from '../binding/lxc';
import { networkFields } from '../binding/network-orders';
import type { StartRequest, SupervisorConnection } from '../binding/supervisor';
import type { Context } from '../context';
import { DockerliteError, invalid } from '../errors';
import { releaseNetworking } from '../network/release';
import { checkAborted } from '../util/aborted';
import { formatDuration } from '../util/duration';
import type { Store } from '../store/store';
import { atWork, currentOwner, ownerOf } from '../util/owner';
import { type Attachment, makeAttachment } from './attach';
import { confinement, initialState } from './confinement';
import { eventMembers } from './container-events';
import { type EtcFile, etcFiles } from './etc-files';
import { execPayload } from './exec-payload';
import { clearExitRecord } from './exit-record';
import { probeOf } from './healthcheck';
import { lxcConfig } from './lxc-config';
import { type NetworkPlan, portsRefused, prepareNetwork } from './network-setup';
import { encodePayload } from './payload';
import { prepareMounts } from './prepare-mounts';
import { type ContainerRow, specOf } from './record';
import { NO_RESTART } from './restart-policy';
import type { ContainerSpec } from './spec';
import { clearAbandoned } from './remains';
import { ID_RANGES } from '../security/id-ranges';
import { type SharedNamespaces, sharedNamespaces } from './shared-namespaces';
import { requireState } from './state';
import { connectSupervisor } from './supervise';
import { storageConfinement } from './storage';
import { type AttachOptions, makeStreams, type StreamEnds } from './streams';

export interface StartOptions {
  /** Connect its streams before it runs, so that nothing it writes is missed. */
  attach?: AttachOptions;
  /** Run this instead of its own command, this time. */
  command?: string[];
  /** With or without a terminal, and whether stdin stays open, this time; default as it was created. */
  tty?: boolean;
  openStdin?: boolean;
  /** Hears of what could not be done as asked, e.g. a limit above the host's own. */
  onWarning?: (warning: string) => void;
  /** Gives the start up, with E_ABORTED, unless its command has been exec'ed: see the `signal` of `attach` for what comes then. */
  signal?: AbortSignal;
}

type Orders = StartOptions & {
  /** It is the second half of a restart, which its supervisor tells then. */
  restarted?: boolean;
};

/**
 * Starts a container through a supervisor of its own; resolves when its command has been exec'ed.
 * @throws E_CONFLICT, E_COMMAND_NOT_FOUND, E_COMMAND_NOT_EXECUTABLE, E_START_FAILED, E_NO_ADDRESS
 */
export async function startContainer(context: Context, row: ContainerRow, options: Orders): Promise<Attachment | void> {
  requireState('start', row);
  checkAborted(options.signal);
  context.launcher.prepare();
  return context.launcher.starts.run(() => atWork([row.id], () => startNow(context, row, options)));
}

async function startNow(context: Context, seen: ContainerRow, options: Orders): Promise<Attachment | void> {
  checkAborted(options.signal);
  const { store } = context;
  const ends = options.attach && makeStreams(options.attach, forThisStart(specOf(seen), options).tty);
  let row: ContainerRow;
  try {
    row = claim(context, seen);
  } catch (error) {
    ends?.discard();
    throw error;
  }
  const spec = forThisStart(specOf(row), options);
  let connection: SupervisorConnection | undefined;
  try {
    if (!isFresh(row)) {
      clearExitRecord(store, row.id);
      await context.launcher.previousGone(store.layout.controlSocket(row.id));
      await clearAbandoned(store, row.id);
    }
    connection = await launch(context, row, spec, options, ends);
    const { pid, supervisorPid, supervisorStart, startedAt, warnings } = await connection.started();
    checkAborted(options.signal);
    for (const warning of warnings) options.onWarning?.(warning);
    const owner = ownerOf(supervisorPid, supervisorStart);
    store.db.run(
      "UPDATE containers SET state = 'running', owner = ?, pid = ?, started = ? WHERE id = ? AND state = 'starting'",
      ...[owner, pid, startedAt, row.id],
    );
    if (ends === undefined) {
      // Of one that is started again it would tell of the first end only.
      if ((spec.restart ?? NO_RESTART).name === 'no') context.launcher.keep(row.id, connection);
      else connection.close();
      return;
    }
    return makeAttachment(context, { ...row, state: 'running', owner, pid, started: startedAt }, connection, ends.streams, options.attach?.signal);
  } catch (failure) {
    const error = explain(failure, row);
    ends?.discard();
    await giveUp(context, row, connection, failure);
    unclaim(context, row, error);
    throw error;
  }
}

/** What went wrong may have done so after the command was executed, and only the word of that be lost: then it is ended. */
async function giveUp(context: Context, row: ContainerRow, connection: SupervisorConnection | undefined, reason: unknown): Promise<void> {
  let supervisor = connection?.runs === true ? connection : undefined;
  try {
    if (connection !== undefined && isLost(reason)) supervisor = await connectSupervisor(context, row);
    await supervisor?.stopSignal(constants.signals.SIGKILL);
    await supervisor?.closed;
  } catch {
    // it ended by itself
  } finally {
    supervisor?.close();
    connection?.close();
  }
}

/** The connection ended without an answer. */
function isLost(reason: unknown): boolean {
  return reason instanceof DockerliteError && (reason.code === 'E_NOT_RUNNING' || reason.code === 'E_SUPERVISOR');
}

/** A supervisor that ends without a word could not even be loaded, which its dynamic linker tells nobody but its stderr. */
function explain(error: unknown, row: ContainerRow): unknown {
  if (error instanceof DockerliteError && error.code === 'E_START_FAILED' && /detached idmapped mount/.test(error.message)) {
    const hint = 'this kernel or the store\'s file system has no idmapped mounts, which a user namespace needs: use --userns=host';
    return new DockerliteError(error.code, error.message, { errno: error.errno, hint, cause: error });
  }
  if (error instanceof DockerliteError && error.code === 'E_START_FAILED' && /(Not a directory|Invalid argument)[^]*Failed to setup mount entries/.test(error.message)) {
    const hint = 'Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path exists and is the expected type';
    return new DockerliteError(error.code, error.message, { errno: error.errno, hint, cause: error });
  }
  if (error instanceof DockerliteError && error.message.startsWith('failed to bind host port')) return portsRefused(row, error.message, error);
  if (!(error instanceof DockerliteError) || error.code !== 'E_NOT_RUNNING' || lxcVersion() !== '') return error;
  return new DockerliteError('E_NATIVE_MISSING', 'liblxc, which starts containers, is not installed or cannot be loaded', {
    hint: 'on Debian: apt-get install liblxc1',
    cause: error,
  });
}

/** @throws E_INVALID */
function forThisStart(spec: ContainerSpec, { command = spec.argv, tty = spec.tty, openStdin = spec.openStdin }: StartOptions): ContainerSpec {
  const valid = command.every((word) => typeof word === 'string' && !word.includes('\0'));
  if (!valid || command.length === 0) throw invalid('command', 'a program and its arguments, without NUL', command);
  const term = tty && !spec.env.some((entry) => entry.startsWith('TERM=')) ? ['TERM=xterm'] : [];
  return { ...spec, argv: command, env: [...spec.env, ...term], tty, openStdin };
}

/** Only one process may start it: the row's state is the lock. Returns the row as it was, with what may have been changed since it was read. */
function claim({ store }: Context, row: ContainerRow): ContainerRow {
  const claimed = store.db.get<Pick<ContainerRow, 'name' | 'spec'>>(
    `UPDATE containers SET state = 'starting', owner = ?, pid = 0, started = '', finished = '', exit_code = 0, oom_killed = 0, error = '', stopped = 0
     WHERE id = ? AND state IN ('created', 'exited') RETURNING name, spec`,
    ...[currentOwner(), row.id],
  );
  if (claimed === undefined) throw new DockerliteError('E_CONFLICT', `container ${row.id} is being started or removed by another process`);
  return { ...row, ...claimed };
}

/** Nobody has tried to start it before: there is nothing of an earlier run to wait for or to remove. */
function isFresh(row: ContainerRow): boolean {
  return row.state === 'created' && row.error === '';
}

/** As Docker leaves it: `created`, with the code a shell would show. */
function unclaim({ store }: Context, row: ContainerRow, error: unknown): void {
  const code = error instanceof DockerliteError ? error.exitStatus : 125;
  store.db.transaction(() => {
    releaseNetworking(store.db, row.id, { keepFixed: true });
    store.db.run(
      "UPDATE containers SET state = ?, owner = '', exit_code = ?, error = ? WHERE id = ? AND state = 'starting'",
      ...[row.state, code, error instanceof Error ? error.message : String(error), row.id],
    );
  });
}

async function healthOrders(store: Store, row: ContainerRow, spec: ContainerSpec): Promise<StartRequest['health']> {
  const probe = probeOf(spec.healthcheck);
  return probe && {
    payload: await execPayload(store, row, spec, probe.command),
    interval: probe.Interval,
    timeout: probe.Timeout,
    startPeriod: probe.StartPeriod,
    startInterval: probe.StartInterval,
    retries: probe.Retries,
    timeoutMessage: `Health check exceeded timeout (${formatDuration(probe.Timeout)})`,
  };
}

async function launch(
  context: Context,
  row: ContainerRow,
  spec: ContainerSpec,
  options: Orders,
  ends: StreamEnds | undefined,
): Promise<SupervisorConnection> {
  const mounts = await prepareMounts(context.store, row.id, spec.mounts);
  const shared = sharedNamespaces(context.store, row, spec);
  const [etc, confined, health] = await Promise.all([
    etcFiles(context.store.layout.containerRootfs(row.id), mounts),
    confinement(context.store.layout, spec),
    healthOrders(context.store, row, spec),
  ]);
  checkAborted(options.signal);
  const network = await prepareNetwork(context.store, row, spec);
  try {
    return sendOrders(context, row, { ...spec, mounts }, options, ends, { network, etc, confined, shared, health });
  } catch (error) {
    await network.undo();
    throw error;
  }
}

/** What had to be made or found out first. */
interface Prepared {
  network: NetworkPlan;
  etc: EtcFile[];
  confined: Awaited<ReturnType<typeof confinement>>;
  shared: SharedNamespaces;
  health: StartRequest['health'];
}

function sendOrders(
  context: Context,
  row: ContainerRow,
  spec: ContainerSpec,
  options: Orders,
  ends: StreamEnds | undefined,
  { network, etc, confined, shared, health }: Prepared,
): SupervisorConnection {
  const { layout } = context.store;
  const connection = context.launcher.start({
    id: row.id,
    runDir: layout.runDir(row.id),
    ...(spec.log?.driver !== 'none' && { logPath: layout.containerLog(row.id), logMaxSize: spec.log?.maxSize, logMaxFiles: spec.log?.maxFiles }),
    exitPath: layout.containerExit(row.id),
    config: lxcConfig(layout, row.id, spec, network.lxc, etc, shared),
    ...(shared.firstId > 0 && { idRanges: ID_RANGES }),
    files: network.files,
    payload: encodePayload({
      argv: spec.argv,
      env: spec.env,
      cwd: spec.workdir,
      user: spec.user,
      tty: spec.tty,
      init: spec.init,
      rows: options.attach?.rows,
      columns: options.attach?.columns,
      ...confined,
      ...initialState(spec),
      ...storageConfinement(context.store, row.id, spec),
    }),
    network: networkFields(network.orders),
    tty: spec.tty,
    openStdin: spec.openStdin,
    // As Docker's StdinOnce: the client that started it with stdin is the one whose end closes it.
    stdinOnce: spec.openStdin && options.attach !== undefined,
    restarted: options.restarted,
    mask: ends?.mask ?? 0,
    fds: ends?.fds ?? [],
    journal: layout.journal,
    attributes: eventMembers({ ...row, spec }),
    ...(!spec.autoRemove && { restart: spec.restart ?? NO_RESTART }),
    health,
  });
  ends?.sent();
  return connection;
}
