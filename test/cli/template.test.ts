// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { formatRows } from '../../cli/output/format';
import { Row } from '../../cli/output/row';
import { humanSize } from '../../cli/output/size';
import { formatTable } from '../../cli/output/table';
import { compileTemplate } from '../../cli/output/template';

const VALUE = {
  Id: 'abc',
  State: { Status: 'running', Pid: 12, OOMKilled: false },
  Mounts: [{ Source: '/a', Destination: '/b' }, { Source: '/c', Destination: '/d' }],
  Config: { Labels: { x: '1', 'a.b': '2' }, Env: ['A=1', 'B=2'], Cmd: null },
};

class Pair extends Row {
  get Name() {
    return 'a\tb';
  }
  get Label() {
    return (key: unknown) => `label ${String(key)}`;
  }
  get Count() {
    return 2;
  }
}

const GOOD: [template: string, expected: string][] = [
  ['plain', 'plain'],
  ['{{.State.Status}}', 'running'],
  ['{{ .Id }}-{{.State.Pid}}', 'abc-12'],
  ['{{range .Mounts}}{{.Source}}:{{.Destination}} {{end}}', '/a:/b /c:/d '],
  ['{{range $i, $m := .Mounts}}{{$i}}={{$m.Source}};{{end}}', '0=/a;1=/c;'],
  ['{{range $k, $v := .Config.Labels}}{{$k}}={{$v}};{{end}}', 'a.b=2;x=1;'],
  ['{{range .Config.Cmd}}x{{else}}none{{end}}', 'none'],
  ['{{index .Config.Labels "a.b"}}', '2'],
  ['{{index .Config.Labels "none"}}', ''],
  ['{{(index .Mounts 1).Source}}', '/c'],
  ['{{len .Mounts}} {{len .Id}}', '2 3'],
  ['{{json .Config.Env}}', '["A=1","B=2"]'],
  ['{{json .Nothing}}', 'null'],
  ['{{.Config.Labels}} {{.Config.Env}} {{.Config.Cmd}}', 'map[a.b:2 x:1] [A=1 B=2] <nil>'],
  ['{{.Nothing}}', '<no value>'],
  ['{{join .Config.Env ","}}', 'A=1,B=2'],
  ['{{upper .Id}}{{.Id | lower | printf "%5s|"}}', 'ABC  abc|'],
  ['{{println .Id 1}}', 'abc 1\n'],
  ['{{if eq .State.Status "exited" "running"}}up{{else}}down{{end}}', 'up'],
  ['{{if .State.OOMKilled}}oom{{else if gt .State.Pid 10}}big{{else}}small{{end}}', 'big'],
  ['{{with .State}}{{.Pid}}{{$.Id}}{{end}}', '12abc'],
  ['{{$x := .Id}}[{{$x}}]', '[abc]'],
  ['{{and .Id .State.Pid}} {{or .Config.Cmd "no"}} {{not .Id}}', '12 no false'],
  ['a {{- " b " -}} c', 'a b c'],
  ['{{/* nothing */}}{{"}}"}}{{`\\n`}}', '}}\\n'],
  ['{{slice .Id 1 2}}{{truncate .Id 2}}{{split "a/b" "/"}}', 'bab[a b]'],
];

const BAD: [template: string, message: RegExp][] = [
  ['{{.Id', /unclosed action/],
  ['{{end}}', /unexpected \{\{end}}/],
  ['{{if .Id}}', /unexpected EOF/],
  ['{{range .Mounts}}{{else}}{{else}}{{end}}', /unexpected \{\{else}}/],
  ['{{nope .Id}}', /function "nope" not defined/],
  ['{{constructor .Id}}', /function "constructor" not defined/],
  ['{{}}', /missing value/],
  ['{{.Id | }}', /missing value/],
  ['{{(.Id}}', /unclosed left paren/],
  ['{{.Id)}}', /unexpected right paren/],
  ['{{"x}}', /unclosed action|unexpected/],
  ['{{.Id ; .Id}}', /unexpected ";" in command/],
  ['{{$x}}', /undefined variable "\$x"/],
  ['{{.Id.Status}}', /can't evaluate field Status in type string/],
  ['{{index .Mounts 9}}', /error calling index: index out of range: 9/],
  ['{{len .State.Pid}}', /error calling len/],
  ['{{upper}}', /wrong number of args/],
  ['{{pad .Id 1 99999999999}}', /small whole number/],
];

const INSPECTED = { State: {}, Mounts: [{ Type: 'bind' }], Config: { Labels: { a: 'b' } }, HostConfig: { LogConfig: { Config: { a: 'b' } } } };

describe('templates', () => {
  for (const [template, expected] of GOOD) it(`applies ${template}`, () => assert.equal(compileTemplate(template)(VALUE), expected));
  for (const [template, message] of BAD) {
    it(`refuses ${template}`, () => {
      const attempt = () => compileTemplate(template)(VALUE);
      assert.throws(attempt, { message, exitStatus: 1 });
      assert.throws(attempt, /^Error: template parsing error: template: :1: |^TemplateError/);
    });
  }
  it('knows what is missing where it must be there', () => assert.throws(() => compileTemplate('{{.Nope}}', { fields: 'rows' })(VALUE), /can't evaluate field Nope/));

  for (const template of ['{{.Nope}}', '{{.Config.Nope}}', '{{.State.Health.Status}}', '{{range .Mounts}}{{.Nope}}{{end}}']) {
    it(`refuses a misspelt ${template} of what is inspected`, () => assert.throws(() => compileTemplate(template, { fields: 'inspect' })(INSPECTED), /: executing "" at <\.[\w.]+>: map has no entry for key "(Nope|Health)"/));
  }
  for (const template of ['{{.Config.Labels.nope}}', '{{with .Config.Labels}}{{.nope}}{{end}}', '{{.HostConfig.LogConfig.Config.nope}}']) {
    it(`takes a key that a map does not have: ${template}`, () => assert.equal(compileTemplate(template, { fields: 'inspect' })(INSPECTED), '<no value>'));
  }
  it('asks for what is there only sometimes', () => assert.equal(compileTemplate('{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}', { fields: 'inspect' })(INSPECTED), 'none'));
});

describe('tables', () => {
  const rows = [
    { ID: '1', Names: '\u65e5\u672c', Size: 1 },
    { ID: '12345', Names: 'a\tb\u001b[31m', Size: 20 },
  ];
  const format = { standard: 'table {{.ID}}\t{{.Names}}\t{{.Size}}', headings: { ID: 'ID', Names: 'NAMES', Size: 'SIZE' }, rows };

  it('have columns as wide as their widest cell, ten at least', () => {
    const expected = 'ID        NAMES         SIZE\n1         \u65e5\u672c          1\n12345     a b\\x1b[31m   20\n';
    assert.equal(formatRows(undefined, format), expected);
    assert.equal(formatRows('table', format), expected);
  });

  it('take a template of columns, of lines, or json', () => {
    assert.equal(formatRows('table {{.Size}}\\t{{.ID}}', format), 'SIZE      ID\n1         1\n20        12345\n');
    assert.equal(formatRows('{{.ID}}', format), '1\n12345\n');
    assert.equal(formatRows('json', { ...format, rows: [{ ID: '1' }] }), '{"ID":"1"}\n');
    assert.equal(formatRows(undefined, { ...format, quiet: 'ID' }), '1\n12345\n');
  });

  it('have a heading without rows', () => assert.equal(formatTable([['A', 'B']]), 'A         B\n'));
});

describe('sizes', () => {
  for (const [bytes, text] of [[0, '0B'], [999, '999B'], [1000, '1kB'], [1234567, '1.23MB'], [5_000_000_000, '5GB']] as const) {
    it(`show ${bytes} as ${text}`, () => assert.equal(humanSize(bytes), text));
  }
});

describe('rows whose fields are getters', () => {
  const rendered = (format: string) => formatRows(format, { standard: 'table', headings: { Name: 'NAME', Label: (key: unknown) => `LABEL ${String(key)}`, Count: 'COUNT' }, rows: [new Pair()] });
  const cases: [format: string, expected: string][] = [
    ['{{.Name}}', 'a\tb\n'],
    ['{{.Name}}-{{.Count}}', 'a\tb-2\n'],
    ['{{.Label "x"}}', 'label x\n'],
    ['{{json .}}', '{"Name":"a\\tb","Count":2}\n'],
    ['json', '{"Name":"a\\tb","Count":2}\n'],
    ['{{.}}', 'map[Count:2 Name:a\tb]\n'],
    ['{{if .}}yes{{end}}{{with .}}{{.Count}}{{end}}', 'yes2\n'],
    ['table {{.Name}}\t{{.Count}}', 'NAME      COUNT\na b       2\n'],
    ['table {{.Name}}{{"\\t"}}{{.Label "y"}}', 'NAME      LABEL y\na b       label y\n'],
  ];
  for (const [format, expected] of cases) it(format, () => assert.equal(rendered(format), expected));
  for (const name of ['Nothing', 'constructor', 'toJSON', '__proto__']) {
    it(`has no field ${name}`, () => assert.throws(() => rendered(`{{.${name}}}`), /can't evaluate field/));
  }
});
