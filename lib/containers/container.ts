// SPDX-License-Identifier: Apache-2.0
import type { Readable, Writable } from 'node:stream';
import type { Context } from '../context';
import { DockerliteError } from '../errors';
import type { Image } from '../images/record';
import type { SendOptions, SentImage } from '../images/snapshot/send';
import { Transfer } from '../images/transfer';
import { checkShape, either, NUMBER, OBJECT, TEXT, TEXTS } from '../util/shape';
import { type Attachment, attachContainer, type AttachOptions } from './attach';
import { commitContainer, type CommitOptions } from './commit';
import { copyIn, copyOut, type CopyInOptions, type CopyOutOptions, statPath } from './copy';
import { type Change, containerDiff, type DiffOptions } from './diff';
import { egressCounters, type EgressCounters } from './egress';
import { attachExec, type ExecOptions, type ExecProcess, execInContainer, runningExecs } from './exec';
import { exportContainer, type ExportTarget } from './export';
import { type ContainerInfo, describeContainer, type SizeInfo } from './inspect';
import { containerPorts, type ContainerPort } from './inspect-ports';
import { killContainer, type KillOptions } from './kill';
import { type LiveRow, withLiveState } from './live-state';
import { containerLogs, type LogEntry, type LogsOptions } from './logs';
import * as shapes from './option-shapes';
import { pauseContainer, unpauseContainer } from './pause';
import { containerById } from './record';
import { removeContainer, type RemoveOptions } from './remove';
import { renameContainer } from './rename';
import { settleRow } from './settle';
import { containerSize } from './size';
import { type StartOptions, startContainer } from './start';
import { containerStats, type StatsOptions } from './stats/stats';
import type { ContainerStats } from './stats/types';
import { stopContainer, type StopOptions } from './stop';
import { containerProcesses, type ProcessList } from './top/top';
import { updateContainer, type UpdateOptions } from './update';
import { type ExitStatus, waitContainer, waitForStarted } from './wait';
import type { ArchiveEnd, PathStat } from '../binding/types';

/** A handle on one container: every verb reads the store's present state first, so it never goes stale. */
export class Container implements AsyncDisposable {
  /** @internal */
  constructor(
    private readonly context: Context,
    /** 64 hex digits. */
    readonly id: string,
    /** Of what was just created: what was asked for and this machine cannot do. */
    readonly warnings: readonly string[] = [],
  ) {}

  /** What `inspect` shows, as plain data; with `size`, also what it has written. */
  async inspect(options: { size?: boolean } = {}): Promise<ContainerInfo & SizeInfo> {
    const row = await this.row();
    const info = describeContainer(this.context, row);
    if (options.size !== true) return info;
    const { rw, rootFs } = await containerSize(this.context, row);
    return { ...info, SizeRw: rw, SizeRootFs: rootFs };
  }

  /**
   * Starts it; resolves when its command has been exec'ed. With `attach`, its streams are connected before it runs.
   * @throws E_COMMAND_NOT_FOUND, E_COMMAND_NOT_EXECUTABLE, E_START_FAILED, E_CONFLICT (running already)
   */
  async start(options?: StartOptions & { attach?: undefined }): Promise<void>;
  async start(options: StartOptions & { attach: AttachOptions }): Promise<Attachment>;
  async start(options?: StartOptions): Promise<Attachment | void>;
  async start(options: StartOptions = {}): Promise<Attachment | void> {
    checkShape('options', options, shapes.START);
    return startContainer(this.context, await this.row(), options);
  }

  /** Waits for it to end; at once when it has. @throws E_ABORTED */
  async wait(options: { signal?: AbortSignal } = {}): Promise<ExitStatus> {
    const known = await waitForStarted(this.context, this.id, options);
    return known ?? waitContainer(this.context, await this.row(), options);
  }

  /** Connects to the streams of the running container. @throws E_NOT_RUNNING */
  async attach(options: AttachOptions = {}): Promise<Attachment> {
    checkShape('options', options, shapes.ATTACH);
    return attachContainer(this.context, await this.row(), options);
  }

  /** Runs another command in it. @throws E_NOT_RUNNING, E_COMMAND_NOT_FOUND, E_COMMAND_NOT_EXECUTABLE */
  async exec(command: string[], options: ExecOptions = {}): Promise<ExecProcess> {
    checkShape('command', command, TEXTS);
    checkShape('options', options, shapes.EXEC);
    return execInContainer(this.context, await this.row(), command, options);
  }

  /** Ids of the commands that `exec` started and that still run, whoever started them. @throws E_NOT_RUNNING */
  async execs(): Promise<string[]> {
    return runningExecs(this.context, await this.row());
  }

  /** Connects to one of them; its client may have ended long ago. @throws E_NOT_RUNNING */
  async attachExec(id: string, options: AttachOptions = {}): Promise<ExecProcess> {
    checkShape('id', id, TEXT);
    checkShape('options', options, shapes.ATTACH);
    return attachExec(this.context, await this.row(), id, options);
  }

  /** What it wrote to stdout and stderr. */
  async *logs(options: LogsOptions = {}): AsyncGenerator<LogEntry> {
    checkShape('options', options, shapes.LOGS);
    yield* containerLogs(this.context, await this.row(), options);
  }

  /** Sends a signal, SIGKILL by default; resolves after that when it has ended. @throws E_NOT_RUNNING, E_INVALID, E_ABORTED */
  async kill(signal: string | number = 'SIGKILL', options: KillOptions = {}): Promise<void> {
    checkShape('signal', signal, either(TEXT, NUMBER));
    checkShape('options', options, OBJECT);
    await killContainer(this.context, await this.row(), signal, options);
  }

  /** Stop signal, then SIGKILL after the timeout; resolves when it has ended. Nothing to do when it is not running. */
  async stop(options: StopOptions = {}): Promise<void> {
    checkShape('options', options, shapes.STOP);
    await stopContainer(this.context, await this.row(), options);
  }

  async restart(options: StopOptions = {}): Promise<void> {
    await this.stop(options);
    await startContainer(this.context, await this.row(), { signal: options.abortSignal, restarted: true });
  }

  async pause(): Promise<void> {
    await pauseContainer(this.context, await this.row());
  }

  async unpause(): Promise<void> {
    await unpauseContainer(this.context, await this.row());
  }

  /** What changed in its file system since its image. @throws E_ABORTED */
  async *diff(options: DiffOptions = {}): AsyncGenerator<Change> {
    checkShape('options', options, OBJECT);
    yield* containerDiff(this.context, await this.row(), options);
  }

  /** Makes an image of its present state. */
  async commit(options: CommitOptions = {}): Promise<Image> {
    checkShape('options', options, shapes.COMMIT);
    return commitContainer(this.context, await this.row(), options);
  }

  /** Tar of a path in the container, to a stream or a descriptor. */
  async copyOut(path: string, target: Writable | { fd: number }, options: CopyOutOptions = {}): Promise<PathStat> {
    checkShape('path', path, TEXT);
    checkShape('target', target, OBJECT);
    checkShape('options', options, OBJECT);
    return copyOut(this.context, await this.row(), path, target, options);
  }

  /** Unpacks a tar into a directory of the container. */
  async copyIn(source: Readable | { fd: number } | { path: string }, path: string, options: CopyInOptions = {}): Promise<void> {
    checkShape('source', source, OBJECT);
    checkShape('path', path, TEXT);
    checkShape('options', options, OBJECT);
    await copyIn(this.context, await this.row(), source, path, options);
  }

  /** lstat of a path in the container. @throws E_NOT_FOUND */
  async stat(path: string): Promise<PathStat> {
    checkShape('path', path, TEXT);
    return statPath(this.context, await this.row(), path);
  }

  /** Tar of its whole file system. */
  async export(target: ExportTarget, options: { signal?: AbortSignal } = {}): Promise<void> {
    checkShape('target', target, OBJECT);
    await exportContainer(this.context, await this.row(), target, options);
  }

  /** Sends its present state to another store, see sendContainer. */
  send(target: ArchiveEnd, options: SendOptions = {}): Transfer<SentImage> {
    const { sendContainer } = require('./send') as typeof import('./send');
    return new Transfer(async (emit) => sendContainer(this.context, await this.row(), target, options, emit));
  }

  async rename(name: string): Promise<void> {
    checkShape('name', name, TEXT);
    await renameContainer(this.context, await this.row(), name);
  }

  /**
   * Changes limits and restart policy, while it runs too; returns what this machine cannot do.
   * @throws E_INVALID, and E_CONFLICT when it uses more than a limit would allow: then nothing is changed
   */
  async update(options: UpdateOptions): Promise<string[]> {
    checkShape('options', options, shapes.UPDATE);
    return updateContainer(this.context, await this.row(), options);
  }

  /** What its egress policy has refused since its start; undefined without a policy. */
  async egress(): Promise<EgressCounters | undefined> {
    return egressCounters(this.context, await this.row());
  }

  /** What is published and exposed; nothing while it does not run. */
  async ports(): Promise<ContainerPort[]> {
    return containerPorts(this.context.store, await this.row());
  }

  /** Its processes, as ps(1) with these options, by default `-ef`, shows them on the host. @throws E_NOT_RUNNING, E_INVALID */
  async top(options: readonly string[] = []): Promise<ProcessList> {
    checkShape('options', options, TEXTS);
    return containerProcesses(this.context, await this.row(), options);
  }

  /** What it uses of the machine, a sample a second until it is removed; zeros while it does not run. */
  async *stats(options: StatsOptions = {}): AsyncGenerator<ContainerStats> {
    yield* containerStats(this.context, await this.row(), options);
  }

  /** @throws E_CONFLICT while it runs, without `force` */
  async remove(options: RemoveOptions = {}): Promise<void> {
    checkShape('options', options, shapes.REMOVE);
    await removeContainer(this.context, await this.row(), options);
  }

  /** `await using`: removes it, running or not. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (containerById(this.context.store, this.id) !== undefined) await this.remove({ force: true });
  }

  private async row(): Promise<LiveRow> {
    const row = containerById(this.context.store, this.id);
    const settled = row && (await settleRow(this.context.store, row));
    if (settled === undefined) throw new DockerliteError('E_NO_SUCH_CONTAINER', `No such container: ${this.id}`);
    return withLiveState(this.context.store, settled);
  }
}
