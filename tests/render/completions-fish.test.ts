import { expect, test } from "bun:test";
import { fishCompletions } from "../../src/render/completions-fish.ts";
import { SMALL_TREE } from "../support/shell/command-nodes.ts";

test("the complete script of a small program", () => {
  expect(fishCompletions(SMALL_TREE)).toMatchInlineSnapshot(`
    "# Completions of nodupe for fish; made by: nodupe completions fish
    function __nodupe_at --description 'Whether the words before the cursor name this command'
        set -l command ''
        set -l skip 0
        for word in (commandline -opc)[2..-1]
            if test $skip = 1
                set skip 0
                continue
            end
            switch $word
                case '-*'
                    continue
            end
            set -l next (string trim -- "$command $word")
            contains -- $next 'pack' 'config' 'config show' 'weigh' 'shell'
            or break
            set command $next
        end
        test "$command" = "$argv[1]"
    end
    function __nodupe_known --description 'What the store knows: names of nodes, checksums'
        set -l line (commandline -opc)
        $line[1] completions $argv[1] -- (commandline -ct) $line 2>/dev/null
    end
    complete -c nodupe -n '__nodupe_at \\'\\'' -f
    complete -c nodupe -n '__nodupe_at \\'\\'' -f -a pack -d 'Packs what it\\'s given: [all] of it.'
    complete -c nodupe -n '__nodupe_at \\'\\'' -f -a config -d 'Settings.'
    complete -c nodupe -n '__nodupe_at \\'\\'' -f -a weigh -d 'Weighs nodes.'
    complete -c nodupe -n '__nodupe_at \\'\\'' -f -a shell -d 'Prints a script.'
    complete -c nodupe -n '__nodupe_at \\'pack\\'' -l quiet -s q -d 'say nothing'
    complete -c nodupe -n '__nodupe_at \\'pack\\'' -l format -x -a 'tar zip' -d 'how: tar'
    complete -c nodupe -n '__nodupe_at \\'pack\\'' -l output -s o -r -F -d 'where to'
    complete -c nodupe -n '__nodupe_at \\'pack\\'' -l include -x -d 'only these (repeatable)'
    complete -c nodupe -n '__nodupe_at \\'config\\'' -f
    complete -c nodupe -n '__nodupe_at \\'config\\'' -f -a show -d 'Shows them.'
    complete -c nodupe -n '__nodupe_at \\'config show\\'' -f
    complete -c nodupe -n '__nodupe_at \\'weigh\\'; and not string match -q \\'*=*\\' -- (commandline -ct)' -f -a '(__nodupe_known nodes)'
    complete -c nodupe -n '__nodupe_at \\'weigh\\'' -l against -x -a '(__nodupe_known nodes)' -d 'what to weigh by'
    complete -c nodupe -n '__nodupe_at \\'shell\\'' -f
    complete -c nodupe -n '__nodupe_at \\'shell\\'' -f -a bash
    complete -c nodupe -n '__nodupe_at \\'shell\\'' -f -a zsh
    "
  `);
});
