#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# npm run test:vm: the tests on a stock Debian 13 (its kernel, systemd, control groups v2, AppArmor) in a virtual machine.
# Arguments are npm test's: npm run test:vm -- -g freeze
# --only PART (may repeat): the test files whose paths have this in them: npm run test:vm -- --only security/ --only containers/resources
# Without arguments the plug is pulled ten times afterwards, in the middle of the crash test's operations; --pulls N does that alone.
# DOCKERLITE_VM_DIR: where its disks are kept; DOCKERLITE_VM_TIMEOUT: seconds; DOCKERLITE_VM_COMMAND: run this instead of npm test
set -euo pipefail
export LC_ALL=C
here=$(dirname "$(realpath "$0")")
checkout=$(realpath "$here/../..")
say() { printf 'vm: %s\n' "$*" >&2; }
die() { say "$*"; exit 2; }

arguments=() only=() suite=yes pulls=10
[ $# = 0 ] && [ -z "${DOCKERLITE_VM_COMMAND:-}" ] || pulls=0
while [ $# -gt 0 ]; do
  case $1 in
    --only) only+=("${2:?--only needs a part of a path}"); shift ;;
    --pulls)
      [[ ${2:-} =~ ^[0-9]{1,4}$ ]] || die '--pulls needs a number'
      pulls=$2 suite=
      shift
      ;;
    *) arguments+=("$1") ;;
  esac
  shift
done

# The machine has what setup.sh wants, so nothing is downloaded inside.
list() { sed -n "s/^$1=(\(.*\))$/\1/p" "$checkout/scripts/setup.sh"; }
packages="linux-image-amd64 systemd systemd-sysv udev dbus apparmor kmod nodejs npm libnode-dev git ca-certificates $(list build_packages) $(list test_packages) docker-cli"

[ "$(id -u)" = 0 ] || die 'root is needed'
missing=()
for tool in mmdebstrap:mmdebstrap qemu-system-x86_64:qemu-system-x86 mke2fs:e2fsprogs; do
  command -v "${tool%:*}" >/dev/null || missing+=("${tool#*:}")
done
[ ${#missing[@]} = 0 ] || die "missing: apt-get install --no-install-recommends ${missing[*]}"

cache=${DOCKERLITE_VM_DIR:-/var/tmp/dockerlite-vm}
key=$(cat <(printf '%s\n' "$packages") "$here/base-image.sh" "$here/guest.service" | sha256sum | cut -c1-12)
base=$cache/$key
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
if [ ! -d "$base" ]; then
  say "making the machine's disk in $base (once; a few minutes)"
  bash "$here/base-image.sh" "$base" "$packages" || die 'the disk could not be made'
fi

# The checkout as it is, without what it ignores. What was built the last time stays, so only what differs is copied, with the
# time of now: a file edited while it was being compiled would look older than its object.
project=$cache/project
mkdir -p "$project/build"
cd "$checkout"
git ls-files -z -co --exclude-standard | sort -zu | while IFS= read -rd '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done >"$cache/files"
while IFS= read -rd '' file; do
  cmp -s "$file" "$project/$file" || { mkdir -p "$project/$(dirname "$file")"; cp --remove-destination "$file" "$project/$file"; }
done <"$cache/files"
(cd "$project" && find . \( -path ./build -o -path ./dist -o -path ./node_modules \) -prune -o -type f -printf '%P\0') | sort -z |
  comm -z13 "$cache/files" - | (cd "$project" && xargs -0r rm -f)
if [ ! -e "$project/node_modules" ] && [ -e "$checkout/node_modules" ]; then
  cp -a "$checkout/node_modules" "$project/"
  # As up to date as they were: the copy of package-lock.json has the time of now.
  [ "$checkout/package-lock.json" -nt "$checkout/node_modules/.package-lock.json" ] || touch "$project/node_modules/.package-lock.json"
fi
# Compiled in the machine's own file system by its own compiler, but with this processor: an emulated one takes ten times as long.
say 'setting up the checkout with its compiler and libraries'
unshare --mount --pid --fork bash -euc '
  root=$1/root project=$2
  mount --make-rprivate /
  mount --bind "$project" "$root/root/project"
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  for file in /etc/resolv.conf /root/.npmrc /etc/ssl/certs/ca-certificates.crt; do [ ! -e $file ] || { touch "$root$file"; mount --bind "$(realpath $file)" "$root$file"; }; done
  exec chroot "$root" /usr/bin/env -i HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    bash -c "cd /root/project && exec bash scripts/setup.sh --test"' bash "$base" "$project" >&2 || die 'the set-up failed'

for part in "${only[@]}"; do
  mapfile -t files < <(cd "$project" && find dist/test -path "*${part#test/}*" -name '*.test.js' | sort)
  [ ${#files[@]} -gt 0 ] || die "no test file has $part in its path"
  arguments+=("${files[@]}")
done

work=$(mktemp -d "$cache/run-XXXXXX")
trap 'rm -rf "$work"' EXIT
# The second disk: the project, and what to run with it.
make_disk() {
  { printf '%q ' "$@"; echo; } >"$project/build/vm-arguments"
  rm -f "$work/project.ext4"
  truncate -s 4G "$work/project.ext4"
  mke2fs -q -t ext4 -F -E lazy_itable_init=1,lazy_journal_init=1 -d "$project" "$work/project.ext4"
}
seed=$(date +%s)
cuts=(node dist/test/crash/power-cuts.js "$pulls" "$seed")
if [ -n "$suite" ]; then make_disk "${DOCKERLITE_VM_COMMAND:-}" "${arguments[@]}"; else make_disk "${cuts[*]}"; fi

machine=(qemu-system-x86_64 -smp "$(nproc)" -m 3072 -nodefaults -no-reboot -display none -kernel "$base/vmlinuz" -initrd "$base/initrd.img")
# A /dev/kvm that can be opened need not work: believe a kernel that comes as far as panicking for want of a root.
kvm_works() {
  [ -w /dev/kvm ] || return 1
  timeout 20 "${machine[@]}" -accel kvm -cpu max -serial stdio -append 'console=ttyS0 panic=-1 rdinit=/none root=none rootwait=0' </dev/null 2>&1 | grep -q 'Kernel panic'
}
verdict=$cache/accel-$(cat /proc/sys/kernel/random/boot_id)
if [ ! -e "$verdict" ]; then
  if kvm_works; then accel='-accel kvm'; else accel='-accel tcg,thread=multi'; fi
  rm -f "$cache"/accel-*
  echo "$accel -cpu max" >"$verdict"
fi
read -ra accel <"$verdict"
flock -u 9

# ttyS0 is the console, kept for when something goes wrong; ttyS1 is what guest.sh says. Writes to these disks go to TMPDIR and are lost.
disks=(-drive "file=$base/root.ext4,format=raw,if=virtio,snapshot=on" -drive "file=$work/project.ext4,format=raw,if=virtio,snapshot=on")
machine+=(-append 'root=/dev/vda rw console=ttyS0 quiet systemd.show_status=false panic=-1')
seconds=${DOCKERLITE_VM_TIMEOUT:-7200}
export TMPDIR=$work
run_suite() {
  local start=$SECONDS status
  timeout "$seconds" nice "${machine[@]}" "${accel[@]}" -serial "file:$work/console" -serial stdio "${disks[@]}" </dev/null 2>"$work/qemu" | tee "$work/output" || :
  status=$(sed -n 's/^vm-exit-status: \([0-9]*\)$/\1/p' "$work/output")
  if [ -z "$status" ]; then
    say "the machine ended without a result after $((SECONDS - start)) s; the end of its console:"
    tail -n 40 "$work/console" "$work/qemu" >&2
    return 3
  fi
  say "exit status $status after $((SECONDS - start)) s"
  return "$status"
}

say "booting with ${accel[*]} (the console is in $work/console)"
status=0
if [ -n "$suite" ]; then
  run_suite || status=$?
  [ "$pulls" = 0 ] || { flock 9; make_disk "${cuts[*]}"; flock -u 9; }
fi
if [ "$pulls" -gt 0 ]; then
  . "$here/pull-plugs.sh"
  say "pulling the plug $pulls times (seed $seed)"
  pull_plugs "$pulls" "$seed" || status=$?
fi
exit "$status"
