// SPDX-License-Identifier: Apache-2.0
import { FILES } from './work-in-tree';

/** Files beside the packages that say where the image's apt gets more: `0.sources` and so on, and the key for them. */
export interface ImageSources {
  count: number;
  key?: string;
}

/** They need nobody, and everybody needs what they make: users and groups, and the layout. */
const FIRST = ['base-passwd', 'base-files'];

/**
 * The second half of an installation, as debootstrap does it: dpkg installs over what was unpacked without it. Package names were checked when they
 * were read; nothing else that is not ours becomes part of the script.
 */
export function configureScript(essential: readonly string[], rest: readonly (readonly string[])[], sources: ImageSources): string {
  const first = FIRST.filter((name) => essential.includes(name));
  const others = essential.filter((name) => !first.includes(name));
  return [
    'set -e',
    // What asks whether it may start something is told no: the container has no init.
    "mkdir -p /usr/sbin; printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d",
    'mkdir -p /var/lib/dpkg/info /var/lib/dpkg/updates /var/lib/dpkg/triggers; : >/var/lib/dpkg/status; : >/var/lib/dpkg/available',
    // All of it is synced at once when it becomes an image.
    'dpkg() { /usr/bin/dpkg --force-unsafe-io --force-confold "$@"; }',
    ...first.map((name) => `dpkg --force-depends --install ${deb(name)}`),
    ...(others.length > 0 ? [`dpkg --force-depends --unpack ${others.map(deb).join(' ')}`] : []),
    'dpkg --force-depends --force-configure-any --configure --pending',
    ...rest.flatMap((batch) => [`dpkg --unpack ${batch.map(deb).join(' ')}`, 'dpkg --force-depends --configure --pending']),
    'dpkg --configure --pending',
    ...writeSources(sources),
    'rm -f /usr/sbin/policy-rc.d /var/lib/dpkg/*-old /var/cache/debconf/*-old /var/log/dpkg.log /var/log/alternatives.log /var/cache/ldconfig/aux-cache',
  ].join('\n');
}

function deb(name: string): string {
  return `${FILES}/${name}.deb`;
}

/** Only where there is an apt to read it. */
function writeSources({ count, key }: ImageSources): string[] {
  const files = Array.from({ length: count }, (_, index) => `${FILES}/${index}.sources`).join(' ');
  return [
    'if [ -d /etc/apt/sources.list.d ]; then',
    '  key=/usr/share/keyrings/debian-archive-keyring.gpg',
    ...(key === undefined ? [] : [`  mkdir -p /etc/apt/keyrings; key=/etc/apt/keyrings/${key}; cp ${FILES}/${key} $key; chmod 644 $key`]),
    '  rm -f /etc/apt/sources.list; : >/etc/apt/sources.list.d/debian.sources',
    `  for file in ${files}; do`,
    '    { cat $file; [ ! -e $key ] || echo "Signed-By: $key"; echo; } >>/etc/apt/sources.list.d/debian.sources',
    '  done',
    'fi',
  ];
}
