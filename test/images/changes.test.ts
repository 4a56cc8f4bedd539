// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { applyChanges } from '../../lib/images/changes';
import type { ImageConfig } from '../../lib/images/config';

const BASE: ImageConfig = { Env: ['BASE=/b', 'EMPTY='], Labels: { old: '1' }, WorkingDir: '/w' };

/** What Docker's `commit --change` makes of the same. */
const GOOD: [change: string, made: Partial<ImageConfig>][] = [
  ['ENV X=1 Y="a b"', { Env: ['BASE=/b', 'EMPTY=', 'X=1', 'Y=a b'] }],
  ['ENV P=$BASE:/x', { Env: ['BASE=/b', 'EMPTY=', 'P=/b:/x'] }],
  ['ENV P=${BASE}y', { Env: ['BASE=/b', 'EMPTY=', 'P=/by'] }],
  ['ENV P="$BASE and \\$BASE \\q" Q=\'$BASE\'', { Env: ['BASE=/b', 'EMPTY=', 'P=/b and $BASE \\q', 'Q=$BASE'] }],
  ['ENV P=\\$BASE Q=$NOSUCH', { Env: ['BASE=/b', 'EMPTY=', 'P=$BASE', 'Q='] }],
  ['ENV P=${NO:-def} Q=${BASE:+alt} R=${EMPTY:-e} S=${EMPTY-e} T=${NO:-$BASE}', { Env: ['BASE=/b', 'EMPTY=', 'P=def', 'Q=alt', 'R=e', 'S=', 'T=/b'] }],
  ['ENV A b  c', { Env: ['BASE=/b', 'EMPTY=', 'A=b  c'] }],
  ['ENV A=b A=c', { Env: ['BASE=/b', 'EMPTY=', 'A=c'] }],
  ['ENV BASE=$BASE/x', { Env: ['BASE=/b/x', 'EMPTY='] }],
  ['LABEL k=$BASE "a b"=c', { Labels: { old: '1', k: '/b', 'a b': 'c' } }],
  ['EXPOSE 80-82/udp 53/TCP', { ExposedPorts: { '80/udp': {}, '81/udp': {}, '82/udp': {}, '53/tcp': {} } }],
  ['USER $BASE', { User: '/b' }],
  ['WORKDIR rel', { WorkingDir: '/w/rel' }],
  ['WORKDIR /a/../$BASE', { WorkingDir: '/b' }],
  ['VOLUME $BASE/v /w', { Volumes: { '/b/v': {}, '/w': {} } }],
  ['VOLUME ["/a b"]', { Volumes: { '/a b': {} } }],
  ['CMD echo $BASE', { Cmd: ['/bin/sh', '-c', 'echo $BASE'] }],
  ['entrypoint ["/e"]', { Entrypoint: ['/e'] }],
  ['STOPSIGNAL INT', { StopSignal: 'INT' }],
];

const BAD: [change: string, message: RegExp][] = [
  ['RUN make', /RUN is not a valid change command/],
  ['ENV A', /ENV must have two arguments/],
  ['LABEL a', /LABEL must have two arguments/],
  ['ENV a=b c', /can't find = in "c"/],
  ['ENV A=${x!}', /unsupported variable: \$\{x!\}/],
  ['EXPOSE 99999', /99999/],
  ['EXPOSE http', /Invalid containerPort: http/],
  ['EXPOSE 9-8', /9-8/],
  ['STOPSIGNAL NO', /invalid signal: NO/],
];

describe('changes to an image\'s configuration', () => {
  for (const [change, made] of GOOD) it(`takes ${change}`, () => assert.deepEqual(applyChanges(BASE, [change]), { ...BASE, ...made }));
  for (const [change, message] of BAD) it(`refuses ${change}`, () => assert.throws(() => applyChanges(BASE, [change]), { code: 'E_INVALID', message }));
  it('go one after the other', () => assert.deepEqual(applyChanges({}, ['ENV A=1', 'ENV B=$A$A', 'WORKDIR x']), { Env: ['A=1', 'B=11'], WorkingDir: '/x' }));
});
