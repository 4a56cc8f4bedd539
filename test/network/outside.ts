// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { NetworkNamespace } from './netns';

/** Hosts outside, as containers see them: a namespace of the test's own behind an interface of the host's. */
export class Outside {
  private static count = 0;
  readonly space = new NetworkNamespace();
  private readonly uplink = `dlo${process.pid}-${Outside.count++}`;

  /** `addresses`: of hosts outside, v4 or v6; the host has `own`, with the lengths of their prefixes. */
  constructor(own: string[], addresses: string[]) {
    execFileSync('ip', ['link', 'add', this.uplink, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', this.space.name]);
    execFileSync('ip', ['link', 'set', this.uplink, 'up']);
    this.space.run('ip', 'link', 'set', 'eth0', 'up');
    for (const address of own) {
      execFileSync('ip', ['address', 'add', address, 'dev', this.uplink, ...(address.includes(':') ? ['nodad'] : [])]);
    }
    for (const address of addresses) {
      const [host, v6] = [address.split('/')[0]!, address.includes(':')];
      this.space.run('ip', 'address', 'add', address, 'dev', 'eth0', ...(v6 ? ['nodad'] : []));
      // The kernel has a route to its own networks already.
      if (/\/(32|128)$/.test(address)) execFileSync('ip', [...(v6 ? ['-6'] : []), 'route', 'add', host, 'dev', this.uplink]);
    }
  }

  remove(): void {
    execFileSync('ip', ['link', 'del', this.uplink]);
    this.space.remove();
  }
}
