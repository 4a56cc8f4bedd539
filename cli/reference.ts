// SPDX-License-Identifier: Apache-2.0
import { COMMANDS, findCommand, type Group, loadCommand, MANAGEMENT } from './commands';
import { GLOBAL_OPTIONS } from './global-options';
import { optionRows, waysToSay } from './help';

const GROUPS: [Group[], string][] = [
  [['common', 'container'], 'Containers'],
  [['image'], 'Images'],
  [['network'], 'Networks'],
  [['volume'], 'Volumes'],
  [['system'], 'The store and dockerlite itself'],
  [['first-version'], "The first dockerlite's commands"],
];

const INTRODUCTION = `# Command line reference

<!-- Made by scripts/generate-cli-docs.js from the commands themselves: change those. -->

    dockerlite [OPTIONS] COMMAND [ARG...]

Containers are named by name, id, or the beginning of an id that no other has; images by \`name[:tag]\` or id.

Options follow Docker's rules: \`-it\` is \`-i -t\`, a value is the next word or follows \`=\`, \`--rm=false\` switches off, \`--\` ends
them. \`run\`, \`create\` and \`exec\` take no options after the image or container: what follows belongs to the command.

The exit status is that of the command in the container for \`run\`, \`exec\`, \`start -a\` and \`attach\`: 128 plus the signal's number
when one ended it. Otherwise:

| status | meaning |
| --: | --- |
| 0 | done |
| 1 | it could not be done, for one of the names given at least |
| 125 | an option was not understood; of run: the container could not be made or started |
| 126 | the command in the container cannot be executed |
| 127 | there is no such command in the container |
| 141 | nobody reads the output any more |

## Where it is not as Docker

- \`import\`, \`load\` and \`cp -\` refuse an archive without any entry: a pipe whose writer failed is no empty image.
- \`cp\` without \`-a\` gives what it copies into a container to root, as Docker's manual says; Docker keeps the host's numbers.
- \`images -f dangling=\` refuses what is neither true nor false.
- Port 0 is no port of a container: \`-p\` and \`--expose\` refuse it. On the host it is any that is free.
- \`update -m\` of a container without a limit sets one, with as much swap: Docker wants \`--memory-swap\` too.
- A limit above the host's own, which the machine does not let anybody raise, is a warning: Docker fails.
- A command that is not there is status 127 of \`exec\` with \`-d\` too.
- \`commit --change\` takes STOPSIGNAL too, but no ONBUILD: nothing is built.
- \`ps\` has no filters \`is-task\` and \`isolation\`.
- What is said after an error has no "Error response from daemon", and of a command not the words of runc.
- What a container sees of the machine: see [security.md](security.md).
`;

/** docs/cli.md, from the table of commands. */
export function cliReference(): string {
  const parts = [INTRODUCTION, '## Options before the command\n', optionTable(GLOBAL_OPTIONS)];
  for (const [groups, title] of GROUPS) {
    const entries = Object.entries(COMMANDS).filter(([, entry]) => groups.includes(entry.group) && entry.hidden !== true);
    parts.push(`## ${title}\n`, ...entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name]) => commandSection(name)));
  }
  return `${parts.join('\n').trimEnd()}\n`;
}

function commandSection(name: string): string {
  const [, entry] = findCommand(name) as [string, (typeof COMMANDS)[string]];
  const command = loadCommand(entry);
  const parts = [`### ${name}\n`, `    dockerlite ${name} ${command.usage}`.trimEnd() + '\n', `${command.describe}.\n`.replace(/([.!?\n])\.\n$/, '$1\n')];
  const others = waysToSay(name).filter((way) => way !== `dockerlite ${name}`);
  if (others.length > 0) parts.push(`Also: ${others.map((way) => `\`${way}\``).join(', ')}\n`);
  const table = optionTable(command.options);
  if (table !== '') parts.push(table);
  for (const [line, what] of command.examples ?? []) parts.push(`- \`dockerlite ${line}\`: ${what}`);
  return `${parts.join('\n').trimEnd()}\n`;
}

function optionTable(specs: Parameters<typeof optionRows>[0]): string {
  const rows = optionRows(specs).map(([flag, text]) => `| \`${flag.trim().replaceAll('|', '\\|')}\` | ${text.replaceAll('|', '\\|')} |`);
  return rows.length === 0 ? '' : `| option | |\n| --- | --- |\n${rows.join('\n')}\n`;
}

/** Management words and what they stand for, to check that none points nowhere. */
export function danglingManagement(): string[] {
  return Object.entries(MANAGEMENT).flatMap(([word, { commands }]) =>
    Object.entries(commands).flatMap(([sub, [target]]) => (findCommand(target as string) === undefined ? [`${word} ${sub}`] : [])),
  );
}
