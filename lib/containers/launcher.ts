// SPDX-License-Identifier: Apache-2.0
import { availableParallelism } from 'node:os';
import { type Spawner, spawnSupervisor, type StartRequest, SupervisorConnection } from '../binding/supervisor';
import { Turnstile } from '../util/turnstile';

/** Connections kept for whoever waits for what this process started: the latest ones. */
const KEPT = 64;

/**
 * Keeps a supervisor program ready, liblxc loaded: a start then costs its fork, not its exec and linking. A process that
 * starts one container and ends (`oneShot`) has the ready program itself become the supervisor.
 */
export class Launcher {
  /** More starts at once than this gain nothing, and keep the event loop's thread waiting for a processor. */
  readonly starts = new Turnstile(availableParallelism() + 6);
  /** Snapshots made together share a commit, so there may be many. */
  readonly creates = new Turnstile(64);
  private spawner: Spawner | undefined;
  private closed = false;
  private readonly kept = new Map<string, SupervisorConnection>();

  constructor(private readonly oneShot: boolean) {}

  /** Has the program loaded and ready, behind whatever the caller does before it starts a container. */
  prepare(): void {
    if (this.closed) throw new Error('the engine is closed');
    if (this.spawner !== undefined) {
      // What another start does, at this moment, spares this one the wait that preparing is for.
      if (this.starts.idle) this.spawner.prepare();
      return;
    }
    this.spawner = spawnSupervisor(() => {
      this.spawner = undefined;
    });
  }

  /** Sends the orders; the connection tells what becomes of them. */
  start(request: StartRequest): SupervisorConnection {
    if (this.spawner === undefined) this.prepare();
    const spawner = this.spawner as Spawner;
    const connection = spawner.start({ ...request, become: this.oneShot });
    if (this.oneShot) {
      spawner.release();
      this.spawner = undefined;
    }
    return connection;
  }

  /** Waits until the supervisor of the container's last run is gone: it still removes what that run needed. */
  async previousGone(socket: string): Promise<void> {
    let previous: SupervisorConnection;
    try {
      previous = SupervisorConnection.connect(socket);
    } catch {
      return;
    }
    await previous.closed;
  }

  /** Keeps a started container's connection, over which its end is heard of without a look at the store. */
  keep(id: string, connection: SupervisorConnection): void {
    if (this.closed) return connection.close();
    this.kept.set(id, connection);
    connection.unref();
    void connection.closed.then(() => this.kept.get(id) === connection && this.kept.delete(id));
    const [oldest] = this.kept;
    if (this.kept.size > KEPT && oldest !== undefined) oldest[1].close();
  }

  /** Hands over the connection over which this process started the container, if that run may still be going on. */
  takeConnection(id: string): SupervisorConnection | undefined {
    const connection = this.kept.get(id);
    this.kept.delete(id);
    connection?.ref();
    return connection;
  }

  close(): void {
    this.closed = true;
    for (const connection of [...this.kept.values()]) connection.close();
    this.spawner?.close();
    this.spawner = undefined;
  }
}
