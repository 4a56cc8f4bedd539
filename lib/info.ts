// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import * as btrfs from './binding/btrfs';
import { hasUnifiedCgroups, kernelRelease } from './binding/features';
import { lxcVersion } from './binding/lxc';
import { quotaMode } from './binding/quota';
import type { QuotaMode } from './binding/types';
import type { Context } from './context';
import { withLiveState } from './containers/live-state';
import type { ContainerRow } from './containers/record';
import { settle } from './containers/settle';
import { architecture } from './images/oci';
import { hasAppArmor } from './security/apparmor';

/** What `info` shows. */
export interface EngineInfo {
  root: string;
  /** The store's, 16 hex digits. */
  id: string;
  containers: number;
  running: number;
  paused: number;
  stopped: number;
  images: number;
  /** Of the default bridge, CIDR. */
  subnet: string;
  /** Bytes of the file system the store lies on. */
  space: { total: number; free: number };
  /** Of that file system; limits on disk space need simple ones. */
  quotas: QuotaMode;
  version: string;
  /** '' when it is not installed. */
  liblxc: string;
  kernel: string;
  cgroups: 'v1' | 'v2';
  /** What containers are kept apart by, as Docker lists it. */
  securityOptions: string[];
  architecture: string;
  cpus: number;
  /** Bytes. */
  memory: number;
}

export async function engineInfo(context: Context): Promise<EngineInfo> {
  const { store } = context;
  await settle(context);
  const states = store.db.all<{ state: string; count: number }>('SELECT state, count(*) AS count FROM containers GROUP BY state');
  const count = (...wanted: string[]) => states.filter(({ state }) => wanted.includes(state)).reduce((sum, row) => sum + row.count, 0);
  const running = store.db.all<ContainerRow>("SELECT * FROM containers WHERE state IN ('running', 'paused')");
  const paused = running.filter((row) => withLiveState(store, row).state === 'paused').length;
  const space = await btrfs.statfs(store.layout.root);
  return {
    root: store.layout.root,
    id: store.marker.id,
    containers: count('created', 'starting', 'running', 'paused', 'exited'),
    running: count('starting', 'running', 'paused') - paused,
    paused,
    stopped: count('created', 'exited'),
    images: store.db.get<{ count: number }>("SELECT count(*) AS count FROM images WHERE state = 'ready'")?.count ?? 0,
    subnet: store.marker.subnet,
    space: { total: space.total, free: space.available },
    quotas: await quotaMode(store.layout.root),
    version: packageVersion(),
    liblxc: lxcVersion(),
    kernel: kernelRelease(),
    cgroups: hasUnifiedCgroups() ? 'v2' : 'v1',
    securityOptions: [...(hasAppArmor() ? ['name=apparmor'] : []), 'name=seccomp,profile=builtin', 'name=userns', 'name=cgroupns'],
    architecture: architecture(),
    cpus: cpus().length,
    memory: totalmem(),
  };
}

/** This file may be compiled to dist/ or be part of a bundle, at another depth. */
export function packageVersion(): string {
  for (let path = __dirname; path !== dirname(path); path = dirname(path)) {
    try {
      const { name, version } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as { name: string; version: string };
      if (name === 'dockerlite') return version;
    } catch {
      // further up
    }
  }
  return 'unknown';
}
