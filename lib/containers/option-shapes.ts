// SPDX-License-Identifier: Apache-2.0
import { either, ENTRIES, FLAG, NUMBER, OBJECT, options, TEXT, TEXT_OF_EACH, TEXTS, TEXTS_OF_EACH } from '../util/shape';

/** What of the options is looked at before anything is done with them; what the values mean is judged where it is known. */
export const CONTAINER = options({
  image: TEXT,
  name: TEXT,
  command: TEXTS,
  entrypoint: TEXTS,
  env: either(TEXTS, TEXT_OF_EACH),
  workdir: TEXT,
  user: TEXT,
  hostname: TEXT,
  tty: FLAG,
  openStdin: FLAG,
  labels: TEXT_OF_EACH,
  annotations: TEXT_OF_EACH,
  stopSignal: either(TEXT, NUMBER),
  stopTimeout: NUMBER,
  mounts: ENTRIES,
  tmpfs: TEXTS,
  volumesFrom: TEXTS,
  readonlyRootfs: FLAG,
  privileged: FLAG,
  resources: OBJECT,
  storageOptions: TEXT_OF_EACH,
  isolation: OBJECT,
  log: options({ driver: TEXT, options: TEXT_OF_EACH }),
  init: FLAG,
  autoRemove: FLAG,
  restart: either(TEXT, OBJECT),
  healthcheck: either(FLAG, OBJECT),
  network: either(TEXT, ENTRIES, OBJECT),
  ip: TEXT,
  ip6: TEXT,
  macAddress: TEXT,
  networkAliases: TEXTS,
  links: TEXTS,
  domainname: TEXT,
  dns: TEXTS,
  dnsSearch: TEXTS,
  dnsOptions: TEXTS,
  extraHosts: TEXTS,
  publish: ENTRIES,
  publishAll: FLAG,
  expose: TEXTS,
  egress: either(TEXT, TEXTS),
});

const STREAMS = options({ stdin: FLAG, stdout: FLAG, stderr: FLAG, rows: NUMBER, columns: NUMBER, fds: options({ stdin: NUMBER, stdout: NUMBER, stderr: NUMBER }) });

export const ATTACH = STREAMS;
export const EXEC = options({ attach: STREAMS, detach: FLAG, openStdin: FLAG, tty: FLAG, env: TEXTS, user: TEXT, workdir: TEXT, privileged: FLAG });
export const START = options({ attach: STREAMS, command: TEXTS, tty: FLAG, openStdin: FLAG });
export const STOP = options({ signal: either(TEXT, NUMBER), timeout: NUMBER });
export const COMMIT = options({ reference: TEXT, author: TEXT, comment: TEXT, changes: TEXTS });
export const LIST_OPTIONS = options({ all: FLAG, last: NUMBER, size: FLAG, filters: TEXTS_OF_EACH });
export const REMOVE = options({ force: FLAG, volumes: FLAG });
export const UPDATE = options({ resources: OBJECT, restart: either(TEXT, OBJECT) });
export const LOGS = options({ follow: FLAG, tail: NUMBER, since: NUMBER, until: NUMBER, stdout: FLAG, stderr: FLAG, details: FLAG });
