import { expect, test } from "bun:test";
import { zshCompletions } from "../../src/render/completions-zsh.ts";
import { SMALL_TREE } from "../support/command-nodes.ts";

test("the script of a small program, whole", () => {
  expect(zshCompletions(SMALL_TREE)).toMatchInlineSnapshot(`
    "#compdef nodupe
    # Completions of nodupe for zsh; made by: nodupe completions zsh
    _nodupe() {
      local command='' word
      local -a commands
      integer index=2
      while (( index < CURRENT )); do
        word="\${command:+$command }$words[index]"
        case $word in
          ('pack'|'config'|'config show'|'shell') command=$word ;;
          (*) break ;;
        esac
        (( index++ ))
      done
      # _arguments is to see the command's own words only
      words=(nodupe "\${(@)words[index,-1]}")
      (( CURRENT -= index - 2 ))
      case $command in
        ('')
          commands=(
            'pack:Packs what it'\\''s given: [all] of it.'
            'config:Settings.'
            'shell:Prints a script.'
          )
          _describe -t commands command commands
          ;;
        ('pack')
          _arguments -s -S : \\
            '(-q --quiet)--quiet[say nothing]' \\
            '(-q --quiet)-q[say nothing]' \\
            '--format=[how\\: tar]:tar|zip:(tar zip)' \\
            '(-o --output)--output=[where to]:FILE:_files' \\
            '(-o --output)-o[where to]:FILE:_files' \\
            '*--include=[only these (repeatable)]:GLOB: ' \\
            '*:argument:_files'
          ;;
        ('config')
          commands=(
            'show:Shows them.'
          )
          _describe -t commands command commands
          ;;
        ('config show')
          _arguments -s -S : \\

          ;;
        ('shell')
          _arguments -s -S : \\
            '*:argument:(bash zsh)'
          ;;
      esac
    }
    # Sourced, it registers itself; found on fpath, compinit has done so and this is its first call.
    if [[ $funcstack[1] == _nodupe ]]; then
      _nodupe "$@"
    else
      compdef _nodupe nodupe
    fi
    "
  `);
});
