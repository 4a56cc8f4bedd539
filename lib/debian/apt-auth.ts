// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { namesIn, textOf } from '../util/optional-files';

/** Who this machine is at an archive. */
export interface AptAccount {
  /** `[protocol://]host[:port][/path]` */
  machine: string;
  login: string;
  password: string;
}

/** apt_auth.conf(5): auth.conf, then auth.conf.d. */
export function machineAccounts(directory = '/etc/apt'): AptAccount[] {
  const parts = namesIn(join(directory, 'auth.conf.d')).filter((name) => name.endsWith('.conf'));
  return [join(directory, 'auth.conf'), ...parts.map((name) => join(directory, 'auth.conf.d', name))].flatMap((file) => parseAccounts(textOf(file)));
}

/** Of netrc it is the words `machine`, `login` and `password`, each with the word after it; others mean nothing. */
export function parseAccounts(text: string): AptAccount[] {
  const accounts: AptAccount[] = [];
  const words = text.split(/\s+/)[Symbol.iterator]();
  for (const word of words) {
    const last = accounts.at(-1);
    if (word === 'machine') accounts.push({ machine: words.next().value ?? '', login: '', password: '' });
    else if (last !== undefined && (word === 'login' || word === 'password')) last[word] = words.next().value ?? '';
  }
  return accounts;
}

/** The first that is about this URL. One that names no protocol is for encrypted connections only. */
export function accountFor(accounts: readonly AptAccount[], url: URL): AptAccount | undefined {
  return accounts.find(({ machine }) => {
    const [, protocol = 'https', host = '', path = ''] = /^(?:([^:/]+):\/\/)?([^/]*)(.*)$/.exec(machine) ?? [];
    return `${protocol}:` === url.protocol && (host === url.hostname || host === url.host) && url.pathname.startsWith(path);
  });
}
