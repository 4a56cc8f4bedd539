#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Makes the stock Debian 13 that test.sh boots: DIR/root (the tree), DIR/root.ext4 (its disk), DIR/vmlinuz, DIR/initrd.img.
# usage: base-image.sh DIR PACKAGE...
set -euo pipefail
dir=$1; shift
suite=trixie
mirror=${DOCKERLITE_VM_MIRROR:-$(grep -hsoE -m1 'https?://[^ ]+' /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list | grep -v snapshot. | head -n 1 || :)}
work=$dir.new
rm -rf --one-file-system "$work"
mkdir -p "$work"

packages=$*
# Without a list of modules the initial file system has every driver there is, and unpacking it takes an emulated machine a minute.
mmdebstrap --quiet --variant=important --include="${packages// /,}" --aptopt='APT::Install-Recommends "false"' \
  --essential-hook='mkdir -p "$1/etc/initramfs-tools/conf.d"' \
  --essential-hook='echo MODULES=list >"$1/etc/initramfs-tools/conf.d/dockerlite"' \
  --essential-hook='printf "%s\n" virtio_pci virtio_blk ext4 >"$1/etc/initramfs-tools/modules"' \
  --customize-hook='rm -rf "$1"/usr/share/doc/* "$1"/var/lib/apt/lists/*' \
  "$suite" "$work/root" "${mirror:-http://deb.debian.org/debian}"

root=$work/root
echo dockerlite-vm >"$root/etc/hostname"
echo '/dev/vda / ext4 defaults 0 1' >"$root/etc/fstab"
mkdir -p "$root/root/project"
install -m 644 "$(dirname "$0")/guest.service" "$root/etc/systemd/system/dockerlite-test.service"
mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
ln -s ../dockerlite-test.service "$root/etc/systemd/system/multi-user.target.wants/"
# Nothing in the background that would make one run differ from the next; the tests start daemons of their own.
for unit in apt-daily.timer apt-daily-upgrade.timer man-db.timer e2scrub_all.timer fstrim.timer dpkg-db-backup.timer \
  docker.{socket,service} containerd.service docker-registry.service podman{,-restart,-auto-update}.service; do
  ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
cp -L "$root/vmlinuz" "$root/initrd.img" "$work/"
truncate -s 16G "$work/root.ext4"
mke2fs -q -t ext4 -F -E lazy_itable_init=1,lazy_journal_init=1 -d "$root" "$work/root.ext4"
rm -rf --one-file-system "$dir"
mv "$work" "$dir"
