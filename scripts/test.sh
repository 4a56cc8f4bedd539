#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# npm test: sets up what is missing, then runs every test file, one after another. Arguments go to mocha: npm test -- -g commit
# Files among them are run instead of all: npm test -- dist/test/store/*.test.js
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/.."
bash scripts/setup.sh --test
files=('dist/test/**/*.test.js')
for argument; do [ ! -e "$argument" ] || files=(); done
exec node node_modules/mocha/bin/mocha.js "$@" "${files[@]}"
