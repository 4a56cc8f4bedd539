// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { formatSubnet, parseCidr, type Subnet } from '../../lib/network/ipv4';
import { pickFree } from '../../lib/network/subnet';
import { NetworkNamespace } from './netns';

const subnets = (...texts: string[]): Subnet[] => texts.map((text) => parseCidr(text)!);

describe('network/subnet', function () {
  this.timeout(60_000);

  it('takes the next candidate that nothing in use touches', () => {
    assert.equal(formatSubnet(pickFree([], 0)), '172.24.0.0/20');
    assert.equal(formatSubnet(pickFree(subnets('172.24.0.0/16'), 0)), '172.25.0.0/20');
    assert.equal(formatSubnet(pickFree(subnets('172.31.240.5/32'), 127)), '172.24.0.0/20');
  });

  it('says so when the machine uses all of them', () => {
    assert.throws(() => pickFree(subnets('172.16.0.0/12'), 5), { code: 'E_CONFLICT', hint: /--subnet/ });
  });

  it('looks at the machine', async () => {
    const host = new NetworkNamespace();
    try {
      host.run('ip', 'link', 'add', 'd0', 'type', 'bridge');
      host.run('ip', 'address', 'add', '172.24.0.1/14', 'dev', 'd0');
      host.run('ip', 'link', 'set', 'd0', 'up');
      host.run('ip', 'route', 'add', '10.20.0.0/16', 'dev', 'd0');
      assert.match(String(await host.call('chooseSubnet')), /^172\.(28|29|30|31)\.\d+\.0\/20$/);
      assert.equal(await host.call('chooseSubnet', '10.30.0.0/16'), '10.30.0.0/16');
      await assert.rejects(host.call('chooseSubnet', '10.20.30.0/24'), { code: 'E_CONFLICT' });
      await assert.rejects(host.call('chooseSubnet', '10.20.30.1/24'), { code: 'E_INVALID' });
    } finally {
      host.remove();
    }
  });
});
