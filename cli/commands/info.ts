// SPDX-License-Identifier: Apache-2.0
import { hostname } from 'node:os';
import type { EngineInfo } from '../../lib/info';
import { defineCommand } from '../command';
import { humanSize } from '../output/size';
import { compileTemplate } from '../output/template';

export default defineCommand({
  usage: '[OPTIONS]',
  describe: 'Display system-wide information',
  examples: [
    ['info', 'the store, its containers and the machine'],
    [`info --format '{{.ContainersRunning}}'`, 'how many containers run'],
  ],
  options: {
    format: { type: 'string', alias: 'f', value: 'TEMPLATE', describe: "'json' or a Go template" },
  },
  async run({ format }, io) {
    const render = format === undefined || format === '' ? undefined : compileTemplate(format === 'json' ? '{{json .}}' : format, { fields: 'rows' });
    const info = await (await io.engine()).info();
    io.print(render === undefined ? describe(info) : render(dockerInfo(info)));
  },
});

/** Field names of Docker Engine API v1.44, SystemInfo, and the store's own. */
function dockerInfo(info: EngineInfo) {
  return {
    ID: info.id,
    Containers: info.containers,
    ContainersRunning: info.running,
    ContainersPaused: info.paused,
    ContainersStopped: info.stopped,
    Images: info.images,
    Driver: 'btrfs',
    LoggingDriver: 'json-file',
    CgroupVersion: info.cgroups === 'v2' ? '2' : '1',
    SecurityOptions: info.securityOptions,
    KernelVersion: info.kernel,
    OSType: 'linux',
    Architecture: info.architecture,
    NCPU: info.cpus,
    MemTotal: info.memory,
    DockerRootDir: info.root,
    Name: hostname(),
    ServerVersion: info.version,
    LiblxcVersion: info.liblxc,
    Subnet: info.subnet,
    SpaceTotal: info.space.total,
    SpaceFree: info.space.free,
    Quotas: info.quotas,
  };
}

function describe(info: EngineInfo): string {
  const { total, free } = info.space;
  return [
    `Containers: ${info.containers}`,
    ` Running: ${info.running}`,
    ` Paused: ${info.paused}`,
    ` Stopped: ${info.stopped}`,
    `Images: ${info.images}`,
    `Version: ${info.version}`,
    `Root Dir: ${info.root}`,
    `ID: ${info.id}`,
    'Storage Driver: btrfs',
    ` Space: ${humanSize(total)}, ${humanSize(free)} free`,
    ` Quotas: ${info.quotas}`,
    `Subnet: ${info.subnet}`,
    `liblxc Version: ${info.liblxc === '' ? 'not installed' : info.liblxc}`,
    `Kernel Version: ${info.kernel}`,
    `Cgroup Version: ${info.cgroups === 'v2' ? 2 : 1}`,
    `Security Options: ${info.securityOptions.map((option) => option.replace('name=', '').replace(',profile=', ' ')).join(', ')}`,
    `Architecture: ${info.architecture}`,
    `CPUs: ${info.cpus}`,
    `Total Memory: ${humanSize(info.memory)}`,
    `Name: ${hostname()}`,
  ].join('\n');
}
