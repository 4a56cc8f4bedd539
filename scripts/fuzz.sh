#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# npm run test:fuzz: libFuzzer on the native parsers, with AddressSanitizer and UndefinedBehaviorSanitizer. Needs root and clang, which
# it installs. usage: scripts/fuzz.sh [SECONDS for each target, default 60] [TARGET...]; npm run test:fuzz -- 3600 unpack
# What was found before is a seed of the next run: build-fuzz/corpus/TARGET. An input that fails stays in build-fuzz/found/TARGET.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/.."
[ "$(id -u)" = 0 ] || { echo 'test:fuzz: root is needed' >&2; exit 1; }
seconds=60
case ${1:-} in *[!0-9]* | '') ;; *) seconds=$1; shift ;; esac

# What each is made of: its entry, fuzz_TARGET in the first directory, and sources.
archive=(native/archive/{acl,apply_meta,decoder,decompress,fd_stream,names,pax_header,remove_tree,root_dir,tar_reader,tree_writer,unpack,whiteouts,writeback,xattrs}.cc)
orders=(native/net/{host_port,link,netlink,nft_batch,nft_read,port_alias,raw_socket,veth}.cc native/sys/{journal,syscalls}.cc
  native/supervisor/{container_names,denials,dns_listener,dns_message,dns_upstream,egress_gate,event_log,event_loop,frame,json_log,messages,network,resolver,timer}.cc)
declare -A sources=(
  [apply]="native/snapshot/fuzz_apply.cc $(echo native/snapshot/{confined_tree,file_data,tree_applier}.cc native/btrfs/{crc32c,send_stream}.cc native/archive/{names,remove_tree,root_dir,xattrs}.cc native/sys/syscalls.cc)"
  [dns]='native/supervisor/fuzz_dns.cc native/supervisor/dns_message.cc'
  [frame]="native/supervisor/fuzz_frame.cc ${orders[*]}"
  [payload]='native/init-shim/fuzz_payload.c native/init-shim/payload.c'
  [pax]="native/archive/fuzz_pax.cc ${archive[*]}"
  [receive]="native/snapshot/fuzz_receive.cc $(echo native/snapshot/{confined_tree,file_data,receive,tree_applier}.cc native/btrfs/{crc32c,send_stream,subvolume}.cc native/archive/{decoder,decompress,fd_stream,names,remove_tree,root_dir,xattrs}.cc native/sys/syscalls.cc)"
  [send_stream]="native/btrfs/fuzz_send_stream.cc $(echo native/btrfs/{crc32c,send_stream,send_tree,send_fold}.cc)"
  [unpack]="native/archive/fuzz_unpack.cc ${archive[*]}"
)
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(printf '%s\n' "${!sources[@]}" | sort)
for target in "${targets[@]}"; do
  [ -n "${sources[$target]:-}" ] || { echo "test:fuzz: no target $target; there are ${!sources[*]}" >&2; exit 1; }
done

bash scripts/setup.sh --test
has_fuzzer() { command -v clang++ >/dev/null && [ -e "$(clang++ -print-file-name=libclang_rt.fuzzer-x86_64.a)" ] || [ -e "$(clang++ -print-runtime-dir 2>/dev/null)/libclang_rt.fuzzer.a" ]; }
if ! has_fuzzer; then
  echo 'test:fuzz: installing clang'
  apt-get install -y -qq --no-install-recommends clang >/dev/null
  major=$(clang++ -dumpversion | cut -d. -f1)
  apt-get install -y -qq --no-install-recommends "libclang-rt-$major-dev" >/dev/null
fi

build=$PWD/build-fuzz
mkdir -p "$build"
flags=(-g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -Inative)
read -ra libraries < <(pkg-config --cflags --libs libarchive libmnl nettle libzstd zlib 2>/dev/null || pkg-config --cflags --libs libarchive libmnl nettle)
# One object for each source, made anew when it or any header is newer.
object() {
  local source=$1 object
  object=$build/${source//\//_}.o
  if [ ! -e "$object" ] || [ "$source" -nt "$object" ] || [ -n "$(find native -name '*.h' -newer "$object" -print -quit)" ]; then
    case $source in
      */fuzz_*.c) clang "${flags[@]}" -std=gnu17 -c "$source" -o "$object" ;;
      *.c) clang "${flags[@]}" -std=gnu17 -Dcalloc=fuzz_calloc -Dfree=fuzz_free -c "$source" -o "$object" ;;
      *) clang++ "${flags[@]}" -std=c++20 -c "$source" -o "$object" ;;
    esac
  fi
}
for target in "${targets[@]}"; do
  read -ra files <<<"${sources[$target]}"
  objects=()
  for file in "${files[@]}"; do
    object "$file"
    objects+=("$build/${file//\//_}.o")
  done
  clang++ "${flags[@]}" "${objects[@]}" "${libraries[@]}" -o "$build/$target"
done
node scripts/fuzz-seeds.js "$build/seeds"

export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1 FUZZ_WORK=$build
status=0
for target in "${targets[@]}"; do
  mkdir -p "$build/corpus/$target" "$build/found/$target" "$build/seeds/$target"
  log=$build/$target.log
  # Its own mount and network namespaces are the targets' to make; what they leave in a temporary directory goes with this one.
  if ! TMPDIR=$(mktemp -d) "$build/$target" -max_total_time="$seconds" -max_len=8192 -timeout=20 -rss_limit_mb=4096 -print_final_stats=1 \
    -artifact_prefix="$build/found/$target/" "$build/corpus/$target" "$build/seeds/$target" >"$log" 2>&1; then
    tail -n 40 "$log"
    status=1
  fi
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  coverage=$(grep -o 'cov: [0-9]*' "$log" | tail -n 1)
  printf '%-12s %12s runs, %s, %d inputs kept: %s\n' "$target" "${runs:-?}" "${coverage:-no coverage}" "$(find "$build/corpus/$target" -type f | wc -l)" \
    "$(find "$build/found/$target" -type f | wc -l) that failed"
done
exit $status
