// SPDX-License-Identifier: Apache-2.0
// A program of its own: runs a container that waits, executes a command beside it, ends it, and prints both exit codes.
import { TestEngine } from './engine';

async function main(): Promise<void> {
  await using test = await TestEngine.create({ mebibytes: 512 });
  const command = ['sh', '-c', 'trap "exit 3" TERM; while :; do sleep 0.01; done'];
  const container = await test.engine.containers.run({ image: 'busybox', command, network: 'none' });
  // 4 only when it sees the root that the container's own command sees.
  const process = await container.exec(['sh', '-c', '[ "$(stat -c %d:%i /)" = "$(stat -c %d:%i /proc/1/root/)" ] && grep -q sleep /proc/1/cmdline && exit 4']);
  const executed = await process.exited;
  await container.kill('SIGTERM');
  console.log(`main ${(await container.wait()).exitCode} exec ${executed}`);
}

void main();
