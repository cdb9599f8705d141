import { expect, test } from "bun:test";
import { bashCompletions } from "../../src/render/completions-bash.ts";
import { SMALL_TREE } from "../support/shell/command-nodes.ts";

test("the complete script of a small program", () => {
  expect(bashCompletions(SMALL_TREE)).toMatchInlineSnapshot(`
    "# Completions of nodupe for bash; made by: nodupe completions bash
    _nodupe() {
      local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]}
      local command='' word index offer=nothing words='' flags='' assigned=''
      # bash makes three words of --flag=value, and of NAME=FILE
      if [[ $current == '=' ]]; then
        current='' assigned=yes
      elif [[ $previous == '=' ]]; then
        previous=\${COMP_WORDS[COMP_CWORD - 2]} assigned=yes
      fi
      for ((index = 1; index < COMP_CWORD; index++)); do
        word="\${command:+$command }\${COMP_WORDS[index]}"
        case "\${COMP_WORDS[index]}" in
          -*) continue ;;
        esac
        case "$word" in
          'pack' | 'config' | 'config show' | 'weigh' | 'shell') command=$word ;;
          *) break ;;
        esac
      done
      case "$command" in
        '')
          offer=words words='pack config weigh shell'
          flags=''
          ;;
        'pack')
          offer=files words=''
          flags='--quiet -q --format --output -o --include'
          case "$previous" in
            --format) offer=words words='tar zip' ;;
            --output | -o) offer=files ;;
            --include) offer=nothing ;;
          esac
          ;;
        'config')
          offer=words words='show'
          flags=''
          ;;
        'config show')
          offer=nothing words=''
          flags=''
          ;;
        'weigh')
          offer=nodes words=''
          # a log file stands behind NAME=
          [[ -n $assigned ]] && offer=files
          flags='--against'
          case "$previous" in
            --against) offer=nodes ;;
          esac
          ;;
        'shell')
          offer=words words='bash zsh'
          flags=''
          ;;
      esac
      COMPREPLY=()
      if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$current")
      elif [[ $offer == words ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
      elif [[ $offer == files ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
      elif [[ $offer == nodes || $offer == checksums ]]; then
        while IFS= read -r word; do
          printf -v word %q "$word"
          COMPREPLY+=("$word")
        done < <("\${COMP_WORDS[0]}" completions "$offer" -- "$current" "\${COMP_WORDS[@]}" 2>/dev/null)
      fi
    }
    complete -F _nodupe nodupe
    "
  `);
});
