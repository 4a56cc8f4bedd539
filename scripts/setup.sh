#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Installs what dockerlite needs on Debian 12 and 13 and builds it. Does nothing, quickly, when nothing is missing.
# Starts no service and changes nothing on the machine but its packages.
# usage: scripts/setup.sh [--test]     --test: also what only the tests use
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/.."

say() { printf 'setup: %s\n' "$*"; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# --- what no package can provide -----------------------------------------------------------------------------------
[ "$(uname -s)" = Linux ] || die "dockerlite runs on Linux only, this is $(uname -s)"
[ "$(id -u)" = 0 ] || die 'root is needed (mounts, namespaces, cgroups): run this as root or with sudo'
has_btrfs() { grep -qsw btrfs /proc/filesystems; }
has_btrfs || { modprobe btrfs 2>/dev/null && has_btrfs; } \
  || die "this kernel ($(uname -r)) has no btrfs, and modprobe cannot load it: boot a kernel that has it"
command -v node >/dev/null && command -v npm >/dev/null || die 'Node.js 20.17 or newer with npm is needed: apt-get install nodejs npm (Debian 13), or nodejs.org'
read -r node_major node_minor node_abi node_path headers < <(node -e '
  const [major, minor] = process.versions.node.split(".");
  console.log(major, minor, process.versions.modules, process.execPath, require("./scripts/node-dir.js")() || "-")')
if [ "$node_major" -lt 20 ] || { [ "$node_major" = 20 ] && [ "$node_minor" -lt 17 ]; }; then
  die "Node.js 20.17 or newer is needed, $node_path is $(node --version)"
fi

# One at a time; a second one waits and then finds everything done.
exec 9<scripts/setup.sh
flock 9

log=$(mktemp)
trap 'rm -f "$log"' EXIT
# step WHAT COMMAND...: silent unless it fails, then the end of its output is what there is to say.
step() {
  local what=$1 start=$SECONDS; shift
  printf 'setup: %s ... ' "$what"
  if "$@" </dev/null >"$log" 2>&1; then printf 'done (%d s)\n' "$((SECONDS - start))"; return; fi
  printf 'failed\n'
  tail -n 40 "$log" >&2
  return 1
}
no_network() { grep -qE 'ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH|ETIMEDOUT|Could not resolve|Could not connect|Temporary failure resolving|Network is unreachable' "$log"; }

# --- Debian packages -----------------------------------------------------------------------------------------------
missing=()
need() {
  local package state
  # dpkg-query fails as soon as one of them is unknown, and still answers for the rest.
  local installed
  installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || :)
  for package; do
    [[ $'\n'$installed$'\n' == *$'\n'"$package installed"$'\n'* ]] || missing+=("$package")
  done
}
build_packages=(g++ make python3 pkg-config lxc-dev libarchive-dev nettle-dev libnftables-dev libmnl-dev libseccomp-dev btrfs-progs busybox-static)
test_packages=(strace iproute2 nftables procps bzip2 xz-utils zstd gpg gpg-agent gpgconf docker-registry skopeo umoci podman runc docker.io openssl)
# Debian 12 has Docker's client in docker.io.
! grep -qsx VERSION_CODENAME=trixie /etc/os-release || test_packages+=(docker-cli)

command -v dpkg-query >/dev/null && command -v apt-get >/dev/null \
  || die "this is not Debian (no apt-get): install the equivalents of ${build_packages[*]} yourself, then npm ci && npm run build"
need "${build_packages[@]}"
[ "${1:-}" != --test ] || need "${test_packages[@]}"
# Debian's own node: its headers are a package. Any other brings them along or leaves the download to node-gyp.
if [ "$headers" = - ] && dpkg-query -S "$(realpath "$node_path")" 2>/dev/null | grep -q '^nodejs:'; then missing+=(libnode-dev); fi

if [ ${#missing[@]} -gt 0 ]; then
  export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
  # Their packages would start services for everybody, from now on: the tests start their own.
  mask() { local unit; for unit; do ln -sfn /dev/null "/etc/systemd/system/$unit"; done; }
  [[ " ${missing[*]} " != *' docker-registry '* ]] || mask docker-registry.service
  [[ " ${missing[*]} " != *' docker.io '* ]] || mask docker.{socket,service} containerd.service
  [[ " ${missing[*]} " != *' podman '* ]] || mask podman.{socket,service} podman-{restart,auto-update}.service podman-auto-update.timer netavark-dhcp-proxy.{socket,service} cni-dhcp.{socket,service}
  apt_options=(-q -y -o DPkg::Lock::Timeout=120 -o Acquire::Retries=2 -o Acquire::http::Timeout=30)
  # apt-get update reports unreachable mirrors as warnings and succeeds; what counts is whether the install works.
  step 'reading the package lists' apt-get "${apt_options[@]}" update || die "apt-get update failed; missing packages: ${missing[*]}"
  unreachable=0; ! no_network || unreachable=1
  if ! step "installing ${missing[*]}" apt-get "${apt_options[@]}" --no-install-recommends install "${missing[@]}"; then
    [ $unreachable = 0 ] && ! no_network || die "no network to install from; missing packages: ${missing[*]}"
    die "apt-get could not install: ${missing[*]}"
  fi
  headers=$(node scripts/node-dir.js)
fi
[ "${headers:--}" = - ] || export npm_config_nodedir=$headers

# --- npm packages --------------------------------------------------------------------------------------------------
stamp=node_modules/.dockerlite-setup
wanted="$(sha256sum <package-lock.json | cut -c1-64) abi $node_abi"
sqlite_works() { node -e 'new (require("better-sqlite3"))(":memory:").close()' 2>/dev/null; }
if [ "$(cat $stamp 2>/dev/null)" != "$wanted" ]; then
  if [ ! node_modules/.package-lock.json -nt package-lock.json ] || ! sqlite_works; then
    # A download that hangs is worse than a compilation of a minute.
    timeout 5 bash -c ': </dev/tcp/github.com/443' 2>/dev/null || export npm_config_build_from_source=better-sqlite3
    if ! step 'installing npm packages (better-sqlite3 may compile for a minute)' npm ci --no-audit --no-fund --loglevel=warn --fetch-retries=2 --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=5000; then
      ! no_network || die 'no network to install from: npm ci could not reach the registry'
      die 'npm ci failed'
    fi
    sqlite_works || { tail -n 40 "$log" >&2; die 'npm ci did not build better-sqlite3: its install script has to run (npm config ignore-scripts, allow-scripts)'; }
  fi
  printf '%s\n' "$wanted" >$stamp
fi

# --- our own code --------------------------------------------------------------------------------------------------
# Both return at once when nothing changed since the last time.
step 'native code' node scripts/build-native.js || die 'the native build failed'
step 'TypeScript' node scripts/build-ts.js || die 'the TypeScript build failed'
