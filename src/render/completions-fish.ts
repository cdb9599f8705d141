import { type CommandNode, type FlagNode, flatten, nameOf } from "./command-tree.ts";
import { fishQuote } from "./shell-quote.ts";

function valueOf(flag: FlagNode): string {
  if (flag.placeholder === null) return "";
  if (flag.choices.length > 0) return ` -x -a ${fishQuote(flag.choices.join(" "))}`;
  return flag.isPath ? " -r -F" : " -x";
}

function linesOf(node: CommandNode): string[] {
  const when = `complete -c nodupe -n ${fishQuote(`__nodupe_at ${fishQuote(nameOf(node))}`)}`;
  const words = node.children.map(
    (child) => `${when} -f -a ${child.words.at(-1)} -d ${fishQuote(child.purpose)}`,
  );
  const choices = node.choices.map((choice) => `${when} -f -a ${choice}`);
  const isClosed = node.children.length > 0 || node.choices.length > 0 || !node.takesArguments;
  const flags = node.flags.map((flag) => {
    const short = flag.short === null ? "" : ` -s ${flag.short}`;
    return `${when} -l ${flag.name}${short}${valueOf(flag)} -d ${fishQuote(flag.help)}`;
  });
  return [...(isClosed ? [`${when} -f`] : []), ...words, ...choices, ...flags];
}

/** The completion script for fish. */
export function fishCompletions(root: CommandNode): string {
  const nodes = flatten(root);
  const names = nodes.filter((node) => node.words.length > 0).map((node) => fishQuote(nameOf(node)));
  return `# Completions of nodupe for fish; made by: nodupe completions fish
function __nodupe_at --description 'Whether the words before the cursor name this command'
    set -l command ''
    for word in (commandline -opc)[2..-1]
        set -l next (string trim -- "$command $word")
        contains -- $next ${names.join(" ")}
        or break
        set command $next
    end
    test "$command" = "$argv[1]"
end
${nodes.flatMap(linesOf).join("\n")}
`;
}
