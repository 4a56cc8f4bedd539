// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { unexported } from './unexported';

const checkout = resolve(__dirname, '../../..');

/** As strict as a program can be, and with the declarations of its packages looked at too. */
const STRICT: ts.CompilerOptions = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  skipDefaultLibCheck: true,
  noEmit: true,
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  types: ['node'],
};

/** How programs import packages, and what their package.json says. */
const KINDS = {
  'an ES module': { type: 'module', module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16 },
  CommonJS: { type: 'commonjs', module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16 },
  'a bundler': { type: 'module', module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
};

/** The declarations as a program elsewhere has them: beside Node's, and without the types of what this package is developed with. */
describe('the types of the package', function () {
  this.timeout(120_000);
  let app: string;

  before(() => {
    app = mkdtempSync(join(tmpdir(), 'types-'));
    const modules = join(app, 'node_modules');
    const declarations = (path: string) => statSync(path).isDirectory() || path.endsWith('.d.ts');
    cpSync(join(checkout, 'dist/lib'), join(modules, 'dockerlite/dist/lib'), { recursive: true, filter: declarations });
    cpSync(join(checkout, 'package.json'), join(modules, 'dockerlite/package.json'));
    for (const name of ['@types/node', 'undici-types']) cpSync(join(checkout, 'node_modules', name), join(modules, name), { recursive: true });
  });

  after(() => rmSync(app, { recursive: true, force: true }));

  for (const [kind, { type, module, moduleResolution }] of Object.entries(KINDS)) {
    it(`compile in a program that is ${kind}`, () => {
      const directory = join(app, kind.replaceAll(' ', '-'));
      mkdirSync(directory);
      writeFileSync(join(directory, 'package.json'), JSON.stringify({ type }));
      cpSync(join(checkout, 'test/packaging/consumer.mts'), join(directory, 'consumer.ts'));
      const options = { ...STRICT, module, moduleResolution, typeRoots: [join(app, 'node_modules/@types')] };
      const program = ts.createProgram([join(directory, 'consumer.ts')], options);
      assert.equal(ts.formatDiagnostics(ts.getPreEmitDiagnostics(program), HOST), '');
    });
  }

  it('of everything that a signature names are exported', () => {
    assert.deepEqual(unexported(join(app, 'node_modules/dockerlite/dist/lib/index.d.ts')), []);
  });
});

const HOST: ts.FormatDiagnosticsHost = {
  getCanonicalFileName: (name) => name,
  getCurrentDirectory: () => checkout,
  getNewLine: () => '\n',
};
