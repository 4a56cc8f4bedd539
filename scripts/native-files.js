// SPDX-License-Identifier: Apache-2.0
'use strict';
// What binding.gyp builds, by file name: the core addon first.

module.exports = {
  addons: ['dockerlite.node', 'dockerlite-archive.node', 'dockerlite-net.node', 'dockerlite-lxc.node'],
  programs: ['dockerlite-supervisor', 'dockerlite-init'],
};
