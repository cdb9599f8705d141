import { type CommandNode, commonFlags, type FlagNode, flatten, nameOf } from "./command-tree.ts";
import { fishQuote } from "./shell-quote.ts";

function valueOf(flag: FlagNode): string {
  if (flag.placeholder === null) return "";
  if (flag.choices.length > 0) return ` -x -a ${fishQuote(flag.choices.join(" "))}`;
  if (flag.completes !== null) return ` -x -a ${fishQuote(`(__nodupe_known ${flag.completes})`)}`;
  return flag.isPath ? " -r -F" : " -x";
}

/** Names in the store; NAME= is followed by a log file. */
function knownArguments({ completes, ...node }: CommandNode): string[] {
  if (completes === null) return [];
  const isName = `__nodupe_at ${fishQuote(nameOf({ completes, ...node }))}; and not string match -q '*=*' -- (commandline -ct)`;
  return [`complete -c nodupe -n ${fishQuote(isName)} -f -a ${fishQuote(`(__nodupe_known ${completes})`)}`];
}

function linesOf(node: CommandNode): string[] {
  const when = `complete -c nodupe -n ${fishQuote(`__nodupe_at ${fishQuote(nameOf(node))}`)}`;
  const words = node.children.map(
    (child) => `${when} -f -a ${child.words.at(-1)} -d ${fishQuote(child.purpose)}`,
  );
  const choices = node.choices.map((choice) => `${when} -f -a ${choice}`);
  const known = knownArguments(node);
  const isClosed = node.children.length > 0 || node.choices.length > 0 || !node.takesArguments;
  const flags = node.flags.map((flag) => {
    const short = flag.short === null ? "" : ` -s ${flag.short}`;
    return `${when} -l ${flag.name}${short}${valueOf(flag)} -d ${fishQuote(flag.help)}`;
  });
  return [...(isClosed ? [`${when} -f`] : []), ...words, ...choices, ...known, ...flags];
}

/** Flags before the command: those that take a value consume the next word. */
function before(root: CommandNode): string {
  const valued = commonFlags(root).filter((flag) => flag.placeholder !== null);
  if (valued.length === 0) return "";
  return `            case ${valued.map(({ name }) => `--${name}`).join(" ")}\n                set skip 1\n                continue\n`;
}

/** The completion script for fish. */
export function fishCompletions(root: CommandNode): string {
  const nodes = flatten(root);
  const names = nodes.filter((node) => node.words.length > 0).map((node) => fishQuote(nameOf(node)));
  return `# Completions of nodupe for fish; made by: nodupe completions fish
function __nodupe_at --description 'Whether the words before the cursor name this command'
    set -l command ''
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
            continue
        end
        switch $word
${before(root)}            case '-*'
                continue
        end
        set -l next (string trim -- "$command $word")
        contains -- $next ${names.join(" ")}
        or break
        set command $next
    end
    test "$command" = "$argv[1]"
end
function __nodupe_known --description 'What the store knows: names of nodes, checksums'
    set -l line (commandline -opc)
    $line[1] completions $argv[1] -- (commandline -ct) $line 2>/dev/null
end
${nodes.flatMap(linesOf).join("\n")}
`;
}
