// SPDX-License-Identifier: Apache-2.0
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

/** A network namespace of the test's own; iproute2 is the oracle here, the code under test never runs it. */
export class NetworkNamespace {
  private static count = 0;
  readonly name = `dltest-${process.pid}-${NetworkNamespace.count++}`;
  /** `ip netns exec` would also remount /sys, which a chroot does not allow. */
  private readonly enter = `--net=/run/netns/${this.name}`;

  constructor() {
    execFileSync('ip', ['netns', 'add', this.name]);
    this.run('ip', 'link', 'set', 'lo', 'up');
  }

  /** Runs a command inside; what it prints. */
  run(...argv: string[]): string {
    return execFileSync('nsenter', [this.enter, ...argv], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** Calls one function of probe.ts in a process inside; its answer, or its error as thrown. */
  async call(verb: string, ...args: unknown[]): Promise<unknown> {
    const probe = join(__dirname, 'probe.js');
    const argv = [this.enter, process.execPath, probe, verb, JSON.stringify(args)];
    const { stdout } = await promisify(execFile)('nsenter', argv, { maxBuffer: 1 << 24 });
    const answer = JSON.parse(stdout) as { value?: unknown; error?: { message: string; code: string } };
    if (answer.error) throw Object.assign(new Error(answer.error.message), answer.error);
    return answer.value;
  }

  /** Starts a script of Node's inside. */
  start(script: string): { line(): Promise<string>; stop(): Promise<void> } {
    const child = spawn('nsenter', [this.enter, process.execPath, '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    return {
      line: async () => String((await lines.next()).value),
      stop: async () => {
        child.kill();
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      },
    };
  }

  remove(): void {
    execFileSync('ip', ['netns', 'del', this.name]);
  }
}

/** Both ends of a new veth pair, each in its namespace with its address, up. */
export function connect(a: NetworkNamespace, aName: string, aAddress: string, b: NetworkNamespace, bName: string, bAddress: string): void {
  a.run('ip', 'link', 'add', aName, 'type', 'veth', 'peer', 'name', bName, 'netns', b.name);
  for (const [space, name, address] of [[a, aName, aAddress], [b, bName, bAddress]] as const) {
    if (address !== '') space.run('ip', 'address', 'add', address, 'dev', name);
    space.run('ip', 'link', 'set', name, 'up');
  }
}
