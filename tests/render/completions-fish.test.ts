import { expect, test } from "bun:test";
import { fishCompletions } from "../../src/render/completions-fish.ts";
import { SMALL_TREE } from "../support/command-nodes.ts";

test("the script of a small program, whole", () => {
  expect(fishCompletions(SMALL_TREE)).toMatchInlineSnapshot(`
    "# Completions of nodupe for fish; made by: nodupe completions fish
    function __nodupe_at --description 'Whether the words before the cursor name this command'
        set -l command ''
        for word in (commandline -opc)[2..-1]
            set -l next (string trim -- "$command $word")
            contains -- $next 'pack' 'config' 'config show' 'shell'
            or break
            set command $next
        end
        test "$command" = "$argv[1]"
    end
    complete -c nodupe -n '__nodupe_at \\'\\'' -f
    complete -c nodupe -n '__nodupe_at \\'\\'' -f -a pack -d 'Packs what it\\'s given: [all] of it.'
    complete -c nodupe -n '__nodupe_at \\'\\'' -f -a config -d 'Settings.'
    complete -c nodupe -n '__nodupe_at \\'\\'' -f -a shell -d 'Prints a script.'
    complete -c nodupe -n '__nodupe_at \\'pack\\'' -l quiet -s q -d 'say nothing'
    complete -c nodupe -n '__nodupe_at \\'pack\\'' -l format -x -a 'tar zip' -d 'how: tar'
    complete -c nodupe -n '__nodupe_at \\'pack\\'' -l output -s o -r -F -d 'where to'
    complete -c nodupe -n '__nodupe_at \\'pack\\'' -l include -x -d 'only these (repeatable)'
    complete -c nodupe -n '__nodupe_at \\'config\\'' -f
    complete -c nodupe -n '__nodupe_at \\'config\\'' -f -a show -d 'Shows them.'
    complete -c nodupe -n '__nodupe_at \\'config show\\'' -f
    complete -c nodupe -n '__nodupe_at \\'shell\\'' -f
    complete -c nodupe -n '__nodupe_at \\'shell\\'' -f -a bash
    complete -c nodupe -n '__nodupe_at \\'shell\\'' -f -a zsh
    "
  `);
});
