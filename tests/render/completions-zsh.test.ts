import { expect, test } from "bun:test";
import { zshCompletions } from "../../src/render/completions-zsh.ts";
import { SMALL_TREE } from "../support/shell/command-nodes.ts";

test("the complete script of a small program", () => {
  expect(zshCompletions(SMALL_TREE)).toMatchInlineSnapshot(`
    "#compdef nodupe
    # Completions of nodupe for zsh; made by: nodupe completions zsh
    # What the store knows: names of nodes, checksums. A log file stands behind NAME=.
    _nodupe_known() {
      if [[ $1 == nodes && $PREFIX == *=* ]]; then
        compset -P '*='
        _files
        return
      fi
      local -a known
      known=("\${(@f)$("$nodupe_line[1]" completions $1 -- "\${(Q)PREFIX}" "\${(@Q)nodupe_line}" 2>/dev/null)}")
      compadd -- \${known:#}
    }
    _nodupe() {
      local -a nodupe_line=("\${(@)words}")
      local command='' word
      local -a commands
      integer index=2
      while (( index < CURRENT )); do
        word="\${command:+$command }$words[index]"
        case $command in
          (''|'config')
            case $words[index] in
              (-*) (( index++ )); continue ;;
            esac
            ;;
        esac
        case $word in
          ('pack'|'config'|'config show'|'weigh'|'shell') command=$word ;;
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
            'weigh:Weighs nodes.'
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
        ('weigh')
          _arguments -s -S : \\
            '--against=[what to weigh by]:NODE: _nodupe_known nodes' \\
            '*:argument: _nodupe_known nodes'
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
