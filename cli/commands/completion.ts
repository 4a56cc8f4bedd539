// SPDX-License-Identifier: Apache-2.0
import { defineCommand, UsageError } from '../command';

/** Each asks `dockerlite __complete` for lines of a word, and after a tab what it means; `:files` is for file names. */
const SCRIPTS: Record<string, string> = {
  bash: `# dockerlite completion for bash:  source <(dockerlite completion bash)
_dockerlite() {
  local cur words cword line
  if declare -F _get_comp_words_by_ref >/dev/null; then
    _get_comp_words_by_ref -n := cur words cword
  else
    words=("\${COMP_WORDS[@]}") cword=$COMP_CWORD cur=\${COMP_WORDS[COMP_CWORD]}
  fi
  COMPREPLY=()
  while IFS=$'\\t' read -r line _; do
    if [[ $line == :files ]]; then
      compopt -o default
    elif [[ $line == "$cur"* ]]; then
      COMPREPLY+=("$line")
    fi
  done < <(dockerlite __complete -- "\${words[@]:1:cword}" 2>/dev/null)
  if declare -F __ltrim_colon_completions >/dev/null; then __ltrim_colon_completions "$cur"; fi
}
complete -F _dockerlite dockerlite
`,
  zsh: `#compdef dockerlite
# dockerlite completion for zsh:  source <(dockerlite completion zsh)
_dockerlite() {
  local -a found
  local word meaning
  while IFS=$'\\t' read -r word meaning; do
    if [[ $word == :files ]]; then
      _files
    else
      found+=("\${word//:/\\\\:}\${meaning:+:$meaning}")
    fi
  done < <(dockerlite __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  _describe dockerlite found
}
compdef _dockerlite dockerlite
`,
  fish: `# dockerlite completion for fish:  dockerlite completion fish | source
function __dockerlite_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in (dockerlite __complete -- $words[2..-1] 2>/dev/null)
        if test "$line" = ":files"
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c dockerlite -f -a '(__dockerlite_complete)'
`,
};

export default defineCommand({
  usage: 'bash|zsh|fish',
  describe: 'Print a script that completes dockerlite command lines',
  examples: [['completion bash > /etc/bash_completion.d/dockerlite', 'for every bash from now on']],
  options: {},
  operands: [1, 1],
  async run(args, io) {
    const shell = args._[0] as string;
    const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
    if (script === undefined) throw new UsageError(`there is no completion for '${shell}': use bash, zsh or fish`, 1);
    io.stdout.write(script);
  },
});
