// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** What a user types as `dockerlite`. */
export const DOCKERLITE = join(__dirname, '../../../bin/dockerlite.js');

export interface CliResult {
  /** Exit status; -N for a signal. */
  status: number;
  stdout: string;
  stderr: string;
}

export interface CliOptions {
  root?: string;
  /** What it reads; none: /dev/null. */
  input?: string | Buffer;
  env?: Record<string, string>;
  cwd?: string;
}

/** Runs one command of the built CLI. */
export function cli(args: string[], options: CliOptions = {}): Promise<CliResult> {
  return collect(process.execPath, [DOCKERLITE, ...args], options);
}

/** Runs a line of shell in which `dockerlite` is the built CLI. */
export function shell(script: string, options: CliOptions = {}): Promise<CliResult> {
  return collect('bash', ['-c', `dockerlite() { "$NODE" "$DOCKERLITE" "$@"; }\n${script}`], options);
}

function collect(program: string, args: string[], options: CliOptions): Promise<CliResult> {
  const child = spawn(program, args, { env: environment(options), stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'], cwd: options.cwd });
  const chunks: [Buffer[], Buffer[]] = [[], []];
  child.stdout?.on('data', (data: Buffer) => chunks[0].push(data));
  child.stderr?.on('data', (data: Buffer) => chunks[1].push(data));
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      const [stdout, stderr] = chunks.map((list) => Buffer.concat(list).toString()) as [string, string];
      resolve({ status: status ?? -(signal === null ? 0 : 1), stdout, stderr });
    });
  });
}

function environment(options: CliOptions): NodeJS.ProcessEnv {
  const root = options.root === undefined ? {} : { DOCKERLITE_ROOT: options.root };
  return { ...process.env, ...root, NODE: process.execPath, DOCKERLITE, ...options.env };
}

/** A step of a conversation at a terminal: what to wait for, then what to type, a size to set, or a signal for the process whose id is in a file. */
export type Step = [waitFor: string, then: { type: string } | { resize: [rows: number, columns: number] } | { signal: string; pidFile: string }];

/**
 * Runs a line of shell at a terminal of its own (24x80) and talks to it; `screen` is everything that was shown. It waits for
 * words, never for time.
 */
export async function terminal(script: string, steps: Step[], options: CliOptions = {}): Promise<{ status: number; screen: string }> {
  const line = `dockerlite() { "$NODE" "$DOCKERLITE" "$@"; }\n${script}`;
  const { status, stdout, stderr } = await collect('python3', ['-c', TALK, JSON.stringify({ argv: ['bash', '-c', line], steps })], options);
  if (stderr !== '') throw new Error(stderr);
  return { status, screen: stdout };
}

const TALK = `
import fcntl, json, os, pty, select, signal, struct, sys, termios, time
job = json.loads(sys.argv[1])
def size(fd, rows, columns): fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
pid, fd = pty.fork()
if pid == 0:
    size(0, 24, 80)
    os.execvp(job['argv'][0], job['argv'])
screen, mark, steps, end = b'', 0, job['steps'], time.time() + 45
while True:
    if steps:
        at = screen.find(steps[0][0].encode(), mark)
        if at >= 0:
            mark = at + len(steps[0][0].encode())
            then = steps.pop(0)[1]
            if 'type' in then: os.write(fd, then['type'].encode())
            elif 'resize' in then: size(fd, *then['resize'])
            else: os.kill(int(open(then['pidFile']).read()), getattr(signal, then['signal']))
            continue
    ready, _, _ = select.select([fd], [], [], 1)
    if time.time() > end:
        os.kill(pid, 9)
        sys.stderr.write('no %r in %r\\n' % (steps[0][0] if steps else 'end', screen[-2000:]))
        break
    if not ready: continue
    try: data = os.read(fd, 65536)
    except OSError: break
    if not data: break
    screen += data
_, status = os.waitpid(pid, 0)
sys.stdout.buffer.write(screen)
sys.stdout.flush()
sys.exit(max(0, os.waitstatus_to_exitcode(status)))
`;
