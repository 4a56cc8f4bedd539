#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# npm run test:asan: the tests with the addons and the supervisor compiled with AddressSanitizer and UndefinedBehaviorSanitizer.
# Takes npm test's arguments. Reports go to build-asan/reports; any report is a failure, whatever the tests say.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/.."
bash scripts/setup.sh --test
command -v cmake >/dev/null || { echo 'test:asan: installing cmake'; apt-get install -y -qq --no-install-recommends cmake >/dev/null; }

build=$PWD/build-asan
cmake -S . -B "$build" -DSANITIZE=address,undefined -DCMAKE_BUILD_TYPE=RelWithDebInfo >"$build.log" 2>&1 || { cat "$build.log"; exit 1; }
cmake --build "$build" -j"$(nproc)" >>"$build.log" 2>&1 || { tail -50 "$build.log"; exit 1; }
rm "$build.log"

# The library loads what is in build/Release beside it: a copy of the checkout in which that is the other build, and which a build meanwhile does not change.
checkout=$build/checkout
rm -rf "$checkout" "$build/reports"
mkdir -p "$checkout/build" "$build/reports"
cp -a bin bench cli dist docs lib native scripts test package.json binding.gyp README.md LICENSE .mocharc.json "$checkout/"
ln -s "$PWD/node_modules" "$checkout/node_modules"
ln -s "$build/Release" "$checkout/build/Release"

common="log_path=$build/reports/report:log_exe_name=1"
export ASAN_OPTIONS="$common:detect_leaks=0:detect_stack_use_after_return=0" UBSAN_OPTIONS="$common:print_stacktrace=1"
export LD_PRELOAD="$(g++ -print-file-name=libasan.so):$(g++ -print-file-name=libubsan.so)"
# Left out where it makes no sense: what measures, or packs and installs what was not compiled here; and one that bounds memory.
files=('dist/test/!(bench|packaging)/**/*.test.js' dist/test/*.test.js)
chosen=(--grep 'MiB of memory' --invert)
for argument; do
  [ ! -e "$argument" ] || files=()
  case $argument in -g | --grep | -f | --fgrep) chosen=() ;; esac
done
status=0
(cd "$checkout" && node node_modules/mocha/bin/mocha.js --timeout 300000 "${chosen[@]}" "$@" "${files[@]}") || status=$?
unset LD_PRELOAD
reports=$(find "$build/reports" -type f | wc -l)
if [ "$reports" -gt 0 ]; then
  head -n 30 "$build"/reports/*
  status=1
fi
echo "sanitizers: $reports reports"
exit "$status"
