// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMMANDS, loadCommand } from '../../cli/commands';
import { cliReference, danglingManagement } from '../../cli/reference';
import { aliases } from '../../cli/parse-options';

describe('the table of commands', () => {
  it('is what docs/cli.md says; else run scripts/generate-cli-docs.js', () => {
    assert.equal(readFileSync(join(__dirname, '../../../docs/cli.md'), 'utf8'), cliReference());
  });

  it('has every command the management words stand for', () => {
    assert.deepEqual(danglingManagement(), []);
  });

  for (const [name, entry] of Object.entries(COMMANDS)) {
    it(`${name}: every option has one meaning and a description`, () => {
      const command = loadCommand(entry);
      const names = Object.entries(command.options).flatMap(([option, spec]) => [option, ...aliases(spec)]);
      assert.equal(new Set(names).size, names.length);
      for (const [option, spec] of Object.entries(command.options)) {
        assert.ok(spec.describe.length > 0, option);
        assert.ok(option.length > 1, `${option} needs a long name`);
      }
      assert.ok(command.describe.length > 0 && entry.summary.length > 0);
    });
  }
});
