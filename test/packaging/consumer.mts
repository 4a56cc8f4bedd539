// SPDX-License-Identifier: Apache-2.0

/** What a program does with the package; it is compiled, not run. */
import {
  Engine, initStore, DockerliteError, Registries, eventJson, readEgressFile, examineState, recoverState, ERROR_CODES, type Container,
  type ErrorCode, type ExitStatus, type EngineEvent, type ContainerStats, type Transfer, type PulledImage, type Image,
} from 'dockerlite';

export async function everything(root: string, signal: AbortSignal): Promise<void> {
  const made = await initStore({ root, size: 2 ** 30 });
  const id: string = made.id;
  await using engine = await Engine.open({ root, pool: 0 });
  const imported: Image = await engine.images.import({ path: '/srv/root.tar' }, { reference: 'mine:1', changes: ['CMD ["sh"]'], signal });
  const pull: Transfer<PulledImage> = engine.images.pull('docker.io/library/alpine', { platform: 'linux/amd64', signal });
  for await (const event of pull) if (event.kind === 'layer') console.log(event.digest, event.state, event.current);
  console.log((await pull.result).id);
  const boot = engine.images.bootstrap('busybox', { reference: 'bb:1', signal });
  await boot.result;
  const sent = await engine.images.send('mine:1', { path: '/tmp/x' }, { have: await engine.images.have(), signal }).result;
  const received = await engine.images.receive({ path: '/tmp/x' }, { signal }).result;
  console.log(sent, received.map((one) => one.id));
  await engine.images.save(['mine:1'], { path: '/tmp/y' }, { signal });
  const container: Container = await engine.containers.create({ image: imported.id, command: ['sh'], network: 'none', env: { A: 'b' } });
  await container.start();
  const attachment = await container.attach({ stdin: true });
  attachment.stdin?.end('x');
  attachment.stdout?.on('data', (chunk: Buffer) => console.log(chunk.length));
  const process_ = await container.exec(['echo', 'hi'], { attach: { stderr: false } });
  const code: number = await process_.exited;
  const status: ExitStatus = await container.wait({ signal });
  for await (const entry of container.logs({ follow: true, tail: 5, signal })) console.log(entry.stream, entry.log);
  for await (const change of container.diff()) console.log(change.kind, change.path);
  const committed: Image = await container.commit({ reference: 'c:1' });
  const many: Container[] = await engine.containers.createMany([{ image: 'c:1' }, { image: 'c:1' }]);
  const info = await container.inspect({ size: true });
  const running: boolean = info.State.Running;
  console.log(id, code, status.exitCode, committed.id, many.length, info.Name, info.SizeRw, running);
  const network = await engine.networks.create({ name: 'lan', ipam: [{ subnet: '10.81.0.0/24' }] });
  await engine.networks.connect(network.name, container.id, { aliases: ['db'] });
  const volume = await engine.volumes.create({ name: 'v', labels: { a: 'b' } });
  console.log(volume.mountpoint);
  for await (const event of engine.events({ since: 0n, filters: { type: ['container'] }, signal })) take(event);
  for await (const samples of engine.containers.stats({ all: true })) samples.forEach((sample: ContainerStats) => console.log(sample.cpu_stats.cpu_usage.total_usage));
  for await (const finding of engine.check({ repair: true })) console.log(finding.kind, finding.what);
  await using registries = new Registries();
  for await (const tag of registries.tags('alpine', signal)) console.log(tag);
  await engine.containers.prune({});
  console.log(examineState(root), readEgressFile('egress.txt'));
  for await (const finding of recoverState(root)) console.log(finding.repaired);
}

function take(event: EngineEvent): void {
  console.log(eventJson(event), event.Actor.ID, event.timeNano);
}

export function codeOf(error: unknown): ErrorCode | undefined {
  if (!(error instanceof DockerliteError)) return undefined;
  console.log(error.hint, error.syscall, error.exitStatus, ERROR_CODES[error.code].http);
  return error.code;
}
