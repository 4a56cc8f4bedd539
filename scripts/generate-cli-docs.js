#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
'use strict';
// Writes docs/cli.md from the compiled commands; run `npm run build:ts` before.

const fs = require('node:fs');
const path = require('node:path');
const { cliReference } = require('../dist/cli/reference.js');

fs.writeFileSync(path.join(__dirname, '../docs/cli.md'), cliReference());
