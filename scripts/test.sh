#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# npm test: sets up what is missing, then runs every test file, one after another. Arguments go to mocha: npm test -- -g commit
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/.."
bash scripts/setup.sh --test
exec node node_modules/mocha/bin/mocha.js "$@"
