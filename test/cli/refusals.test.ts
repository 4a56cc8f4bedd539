// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { Cli } from '../helpers/cli';
import { TestEngine } from '../helpers/engine';

/** What Docker says and ends with, and nothing is changed by it. ID is the container's. */
describe('what Docker refuses', function () {
  this.timeout(120_000);
  let test: TestEngine;
  let cli: Cli;
  const ids = new Map<string, string>();
  before(async () => {
    test = await TestEngine.create({ pool: 0 });
    cli = new Cli(test.root);
    const make = async (name: string, ...args: string[]) => ids.set((await cli.ok('create', '--name', name, '--network', 'none', ...args)).trim(), name);
    await make('fresh', 'busybox', 'sleep', '1000');
    await make('frozen', 'busybox', 'sleep', '1000');
    await make('runs', '-m', '50m', '--restart', 'on-failure:3', 'busybox', 'sleep', '1000');
    await make('ended', 'busybox', 'true');
    await cli.ok('start', 'frozen', 'runs', 'ended');
    await cli.ok('wait', 'ended');
    await cli.ok('pause', 'frozen');
    await cli.ok('network', 'create', '--subnet', '10.87.0.0/24', 'lan');
  });
  after(() => test.remove());

  const state = async () => {
    const containers = await test.engine.containers.list({ all: true });
    const all = await Promise.all(containers.map(async ({ id }) => (await test.engine.containers.get(id)).inspect()));
    const networks = (await test.engine.networks.list()).map(({ name }) => name);
    return [networks, all.map(({ Name, State, HostConfig, RestartCount }) => ({ Name, status: State.Status, pid: State.Pid, HostConfig, RestartCount }))];
  };

  const cases: [command: string, status: number, stderr: string][] = [
    ['run --restart nonsense busybox', 125, "invalid restart policy: unknown policy 'nonsense'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'"],
    ['run --restart always:3 busybox', 125, "invalid restart policy: maximum retry count can only be used with 'on-failure'"],
    ['run --restart no:1 busybox', 125, "invalid restart policy: maximum retry count can only be used with 'on-failure'"],
    ['run --restart on-failure:x busybox', 125, 'invalid restart policy format: maximum retry count must be an integer'],
    ['run --restart on-failure:1:2 busybox', 125, 'invalid restart policy format: maximum retry count must be an integer'],
    ['run --restart on-failure:-1 busybox', 125, 'invalid restart policy: maximum retry count cannot be negative'],
    ['run --rm --restart always busybox', 125, 'conflicting options: cannot specify both --restart and --rm'],
    ['run --health-cmd true --health-interval 1us busybox', 125, 'Interval in Healthcheck cannot be less than 1ms'],
    ['run --health-cmd true --health-retries=-1 busybox', 125, '--health-retries cannot be negative'],
    ['run --health-cmd true --health-timeout=-1s busybox', 125, '--health-timeout cannot be negative'],
    ['run --health-cmd true --health-interval soon busybox', 125, 'invalid argument "soon" for "--health-interval" flag: time: invalid duration "soon"'],
    ['run --health-cmd true --no-healthcheck busybox', 125, '--no-healthcheck conflicts with --health-* options'],
    ['run --stop-signal NOSUCH busybox', 125, 'invalid signal: NOSUCH'],
    ['update --restart nonsense runs', 1, "invalid restart policy: unknown policy 'nonsense'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'"],
    ['update runs', 1, 'you must provide one or more flags when using this command'],
    ['update -m 1m runs', 1, 'Minimum memory limit allowed is 6MB'],
    ['update -m 200m runs', 1, 'Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time'],
    ['update -m 40m --memory-swap 30m runs', 1, 'Minimum memoryswap limit should be larger than memory limit, see usage'],
    ['update --cpuset-cpus 4095 runs', 1, 'Requested CPUs are not available - requested 4095'],
    ['update --cpu-period 5 runs', 1, 'CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)'],
    ['update --cpus=-1 runs', 1, 'range of CPUs is from 0.01 to '],
    ['update -m 60m --memory-swap 70m nosuch', 1, 'No such container: nosuch'],
    ['kill -s NOSUCH runs', 1, 'invalid signal: NOSUCH'],
    ['kill -s 99 runs', 1, 'invalid signal: 99'],
    ['kill -s 0 runs', 1, 'invalid signal: 0'],
    ['kill -s -1 runs', 1, 'invalid signal: -1'],
    ['kill fresh', 1, 'Cannot kill container: fresh: Container ID is not running'],
    ['kill nosuch', 1, 'Cannot kill container: nosuch: No such container: nosuch'],
    ['start nosuch', 1, 'No such container: nosuch\ndockerlite: failed to start containers: nosuch'],
    ['stop -s NOSUCH runs', 1, 'invalid signal: NOSUCH'],
    ['pause ended', 1, 'Container ID is not running'],
    ['pause frozen', 1, 'Container ID is already paused'],
    ['unpause runs', 1, 'Container ID is not paused'],
    ['exec fresh true', 1, 'Container ID is not running'],
    ['exec ended true', 1, 'Container ID is not running'],
    ['exec frozen true', 1, 'Container frozen is paused, unpause the container before exec'],
    ['exec nosuch true', 1, 'No such container: nosuch'],
    ['exec -w /not/there runs true', 126, 'No such file or directory: cannot change to directory /not/there'],
    ['exec -u nosuch runs true', 126, 'unable to find user nosuch: no matching entries in passwd file'],
    ['attach fresh', 1, 'You cannot attach to a stopped container, start it first'],
    ['attach ended', 1, 'You cannot attach to a stopped container, start it first'],
    ['attach frozen', 1, 'You cannot attach to a paused container, unpause it first'],
    ['rm frozen', 1, 'You cannot remove a running container ID. Stop the container before attempting removal or force remove'],
    ['top ended', 1, 'Container ID is not running'],
    ['top runs -o comm', 1, "Couldn't find PID field in ps output"],
    ['port runs 80', 1, "No public port '80' published for runs"],
    ['port runs 80/udp', 1, "No public port '80/udp' published for runs"],
    ['rename runs runs', 1, 'Renaming a container with the same name as its current name'],
    ['rename runs ended', 1, 'Error when allocating new name: Conflict. The container name "/ended" is already in use by container "ID". You have to remove (or rename) that container to be able to reuse that name.'],
    ['rename runs b/ad', 1, 'Invalid container name (b/ad)'],
    ['rename nosuch new', 1, 'No such container: nosuch'],
    ['logs --since nonsense ended', 1, 'invalid value for "since": failed to parse value as time or duration: "nonsense"'],
    ['logs --until nonsense ended', 1, 'invalid value for "until": failed to parse value as time or duration: "nonsense"'],
    ['events --since nonsense', 1, 'failed to parse value as time or duration: "nonsense"'],
    ['events --until 0s --filter nosuch=x', 1, "invalid filter 'nosuch'"],
    ['ps --filter status=nonsense', 1, "invalid filter 'status=nonsense'"],
    ['ps --filter health=nonsense', 1, 'unrecognised filter value for health: nonsense'],
    ['start -a runs ended', 1, 'you cannot start and attach multiple containers at once'],
    ['network create --subnet 10.87.0.128/25 new', 1, 'invalid pool request: Pool overlaps with other one on this address space'],
    ['network create --subnet nonsense new', 1, 'invalid network config:\ninvalid subnet nonsense: invalid CIDR address: nonsense'],
    ['network create --gateway 10.88.0.1 new', 1, 'every ip-range or gateway must have a corresponding subnet'],
    ['network create --subnet 10.88.0.0/24 --gateway nonsense new', 1, 'no matching subnet for gateway nonsense'],
    ['network create --subnet 10.88.0.0/24 --ip-range nonsense new', 1, 'invalid CIDR address: nonsense'],
    ['network create --subnet 10.88.0.0/24 --ip-range 10.89.0.0/25 new', 1, 'no matching subnet for range 10.89.0.0/25'],
    ['network create --subnet 10.88.0.0/24 --aux-address a=10.89.0.1 new', 1, 'no matching subnet for aux-address 10.89.0.1'],
    ['network create --subnet 10.88.0.0/24 --aux-address a=10.88.0.1 new', 1, 'failed to allocate secondary ip address (a:10.88.0.1): Address already in use'],
    ['network create -o com.docker.network.driver.mtu=x new', 1, 'failed to parse com.docker.network.driver.mtu value: x (strconv.Atoi: parsing "x": invalid syntax)'],
    ['network create -o com.docker.network.bridge.enable_icc=maybe new', 1, 'failed to parse com.docker.network.bridge.enable_icc value: maybe (strconv.ParseBool: parsing "maybe": invalid syntax)'],
    ['network create lan', 1, 'network with name lan already exists'],
    ['network create -d host new', 1, 'only one instance of "host" network is allowed'],
    ['network rm bridge', 1, 'bridge is a pre-defined network and cannot be removed'],
    ['network rm nosuch', 1, 'network nosuch not found'],
    ['network connect nosuch runs', 1, 'network nosuch not found'],
    ['network connect lan nosuch', 1, 'No such container: nosuch'],
    ['network connect lan runs', 1, 'container cannot be connected to multiple networks with one of the networks in private (none) mode'],
    ['network connect --link a:b:c lan runs', 125, 'invalid argument "a:b:c" for "--link" flag: bad format for links: a:b:c'],
    ['run --network nosuch busybox', 125, 'network nosuch not found'],
    ['run --rm --network container:fresh busybox', 125, 'cannot join network of a non running container: ID'],
    ['run --network container:runs --link runs:x busybox', 125, "conflicting options: container type network can't be used with links. This would result in undefined behavior"],
    ['run --network host --link runs:x busybox', 125, "conflicting options: host type networking can't be used with links. This would result in undefined behavior"],
    ['run --network name=lan,nosuch=x busybox', 125, 'invalid argument "name=lan,nosuch=x" for "--network" flag: invalid field key nosuch'],
    ['run --network name=lan,ip=10.87.0.7 --ip 10.87.0.8 busybox', 125, 'conflicting options: cannot specify both --ip and per-network IPv4 address'],
    ['run --network alias=x busybox', 125, 'invalid argument "alias=x" for "--network" flag: network name/id is not specified'],
    ['run --dns nonsense busybox', 125, 'invalid argument "nonsense" for "--dns" flag: IP address is not correctly formatted: nonsense'],
    ['run --add-host nonsense busybox', 125, 'invalid argument "nonsense" for "--add-host" flag: bad format for add-host: "nonsense"'],
    ['run --link a:b:c busybox', 125, 'invalid argument "a:b:c" for "--link" flag: bad format for links: a:b:c'],
    ['run --uts host --hostname x busybox', 125, 'conflicting options: hostname and the UTS mode'],
    ['create --ulimit nofile=10:5 busybox', 125, 'invalid argument "nofile=10:5" for "--ulimit" flag: ulimit soft limit must be less than or equal to hard limit: 10 > 5'],
    ['create --device-cgroup-rule nonsense busybox', 125, 'invalid argument "nonsense" for "--device-cgroup-rule" flag: invalid device cgroup format \'nonsense\''],
    ['create --device nonsense busybox', 125, 'nonsense is not an absolute path'],
    ['create --security-opt nonsense busybox', 125, 'invalid --security-opt: "nonsense"'],
    ['create --pid nonsense busybox', 125, 'invalid PID mode: nonsense'],
    ['create --mac-address nonsense busybox', 125, 'nonsense is not a valid mac address'],
    ['create --memory-swappiness 200 busybox', 125, 'invalid value: 200. Valid memory swappiness range is 0-100'],
    ['create --storage-opt nonsense busybox', 125, 'invalid storage option'],
    ['create --storage-opt nonsense=1 busybox', 1, 'Unknown option nonsense'],
    ['create --userns nonsense busybox', 125, '--userns: invalid USER mode'],
    ['create --network none --network-alias x busybox', 125, 'network-scoped aliases are only supported for user-defined networks'],
    ['create --isolation hyperv busybox', 1, "invalid isolation 'hyperv' on linux"],
    ['create --runtime nonsense busybox', 1, 'unknown or invalid runtime name: nonsense'],
    ['run --gpus all busybox', 125, 'could not select device driver "" with capabilities: [[gpu]]'],
    ['run --cgroup-parent /x busybox', 125, '--cgroup-parent is not supported'],
    ['create -p 80/80/tcp busybox', 125, 'invalid proto: 80'],
    ['create -p a:80 busybox', 125, 'invalid hostPort: a'],
    ['create --expose 80- busybox', 125, 'invalid range format for --expose: 80-, error: strconv.ParseUint: parsing "": invalid syntax'],
    ['run -p target=80,published=x busybox', 125, 'invalid hostPort: x'],
    ['run --expose 80-70 busybox', 125, 'invalid range format for --expose: 80-70, error: invalid range specified for port: 80-70'],
    ['run --expose 80:80 busybox', 125, 'invalid port format for --expose: 80:80'],
    ['run --egress @/no/such busybox', 125, 'egress policy /no/such: no such file'],
    ['system df extra', 1, "'dockerlite system df' accepts no arguments"],
  ];
  for (const [command, status, message] of cases) {
    it(`${command}: ${status}`, async () => {
      const before = await state();
      const result = await cli.run(...command.split(' '));
      const text = [...ids.keys()].reduce((all, id) => all.replaceAll(id, 'ID'), result.stderr);
      assert.deepEqual([result.status, result.stdout, text.slice(0, message.length + 12)], [status, '', `dockerlite: ${message}`], text);
      assert.deepEqual(await state(), before);
    });
  }

  it('what follows is done all the same: names on stdout, what failed on stderr', async () => {
    assert.deepEqual(await told('wait ended nosuch frozen2 ended'), [1, '0\n0\n', 'No such container: nosuch\nNo such container: frozen2\n']);
    assert.deepEqual(await told('pause runs nosuch fresh'), [1, 'runs\n', 'No such container: nosuch\nContainer ID is not running\n']);
    assert.deepEqual(await told('unpause nosuch runs'), [1, 'runs\n', 'No such container: nosuch\n']);
    assert.deepEqual(await told('kill -s WINCH runs fresh nosuch'), [1, 'runs\n', 'Cannot kill container: fresh: Container ID is not running\nCannot kill container: nosuch: No such container: nosuch\n']);
    assert.deepEqual(await told('update --pids-limit 50 runs nosuch'), [1, 'runs\n', 'No such container: nosuch\n']);
    assert.deepEqual(await told('restart -t 0 runs nosuch'), [1, 'runs\n', 'No such container: nosuch\n']);
    assert.deepEqual(await told('stop -t 0 nosuch runs ended'), [1, 'runs\nended\n', 'No such container: nosuch\n']);
    assert.deepEqual(await told('wait runs ended'), [0, '137\n0\n', '']);
    assert.deepEqual(await told('rm nosuch runs'), [1, 'runs\n', 'No such container: nosuch\n']);
  });

  async function told(command: string): Promise<[number | null, string, string]> {
    const { status, stdout, stderr } = await cli.run(...command.split(' '));
    const text = [...ids.keys()].reduce((all, id) => all.replaceAll(id, 'ID'), stderr);
    return [status, stdout, text.replaceAll('dockerlite: ', '')];
  }
});
