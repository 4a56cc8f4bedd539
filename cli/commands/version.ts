// SPDX-License-Identifier: Apache-2.0
import { kernelRelease } from '../../lib/binding/features';
import { lxcVersion } from '../../lib/binding/lxc';
import { architecture } from '../../lib/images/oci';
import { packageVersion } from '../../lib/info';
import { defineCommand } from '../command';
import { compileTemplate } from '../output/template';

export default defineCommand({
  usage: '[OPTIONS]',
  describe: 'Show the versions of dockerlite and of what it runs on',
  examples: [
    ['version', 'all of them'],
    [`version --format '{{.Client.Version}}'`, 'one of them'],
  ],
  options: {
    format: { type: 'string', alias: 'f', value: 'TEMPLATE', describe: "'json' or a Go template" },
    short: { type: 'boolean', default: false, hidden: true, describe: 'One line' },
  },
  async run({ format, short }, io) {
    if (short) return io.print(`dockerlite version ${packageVersion()}`);
    const render = format === undefined || format === '' ? undefined : compileTemplate(format === 'json' ? '{{json .}}' : format, { fields: 'rows' });
    const versions = readVersions();
    io.print(render === undefined ? describe(versions) : render(versions));
  },
});

type Versions = ReturnType<typeof readVersions>;

/** In Docker's form, where the server is what runs containers: here, this very process. */
function readVersions() {
  const common = { Version: packageVersion(), Os: 'linux', Arch: architecture() };
  return {
    Client: { ...common, NodeVersion: process.version },
    Server: { ...common, KernelVersion: kernelRelease(), LiblxcVersion: lxcVersion() },
  };
}

function describe({ Client, Server }: Versions): string {
  return [
    'Client:',
    ` Version:    ${Client.Version}`,
    ` Node:       ${Client.NodeVersion}`,
    ` OS/Arch:    ${Client.Os}/${Client.Arch}`,
    '',
    'Engine:',
    ` Version:    ${Server.Version}`,
    ` liblxc:     ${Server.LiblxcVersion === '' ? 'not installed' : Server.LiblxcVersion}`,
    ` Kernel:     ${Server.KernelVersion}`,
    ` OS/Arch:    ${Server.Os}/${Server.Arch}`,
  ].join('\n');
}
