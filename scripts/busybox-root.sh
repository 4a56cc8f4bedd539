#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Makes a small root file system out of Debian's static busybox. usage: scripts/busybox-root.sh DIRECTORY
set -euo pipefail
directory=$1
busybox=$(command -v busybox) || { echo 'busybox-root: there is no busybox: apt-get install busybox-static' >&2; exit 1; }
! ldd "$busybox" >/dev/null 2>&1 || { echo "busybox-root: $busybox is not static: apt-get install busybox-static" >&2; exit 1; }

mkdir -p "$directory"/{bin,dev,etc,home,proc,root,run,sbin,sys,tmp,usr/bin,usr/sbin,var/log}
chmod 1777 "$directory/tmp"
chmod 700 "$directory/root"
cp "$busybox" "$directory/bin/busybox"
chmod 755 "$directory/bin/busybox"
# Relative links, so that they mean the same from outside the root as inside.
"$busybox" --list | while read -r applet; do
  [ "$applet" = busybox ] || ln -sf busybox "$directory/bin/$applet"
done
printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n' >"$directory/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' >"$directory/etc/group"
