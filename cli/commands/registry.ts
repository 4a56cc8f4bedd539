// SPDX-License-Identifier: Apache-2.0

/** What the commands that need a registry end with. */
export class NoRegistries extends Error {
  readonly exitStatus = 1;

  constructor() {
    super("registries are not supported yet: import a tar or directory with 'dockerlite import'");
    this.name = 'NoRegistries';
  }
}
