import { type CommandNode, type FlagNode, flatten, nameOf } from "./command-tree.ts";
import { shellQuote } from "./shell-quote.ts";

/** Within `[…]` and between colons of an _arguments specification these have a meaning. */
function escape(text: string): string {
  return text.replace(/[\\:[\]]/g, String.raw`\$&`);
}

function actionOf(flag: FlagNode): string {
  if (flag.choices.length > 0) return `(${flag.choices.join(" ")})`;
  // A space is "nothing to offer, but a value there has to be".
  return flag.isPath ? "_files" : " ";
}

function flagSpecs(flag: FlagNode): string[] {
  const value = flag.placeholder === null ? "" : `:${escape(flag.placeholder)}:${actionOf(flag)}`;
  const long = `--${flag.name}${flag.placeholder === null ? "" : "="}`;
  const help = `[${escape(flag.help)}]${value}`;
  if (flag.repeatable) return [`*${long}${help}`];
  if (flag.short === null) return [long + help];
  const exclusive = `(-${flag.short} --${flag.name})`;
  return [`${exclusive}${long}${help}`, `${exclusive}-${flag.short}${help}`];
}

function branch(node: CommandNode): string {
  const name = shellQuote(nameOf(node));
  if (node.children.length > 0) {
    const rows = node.children.map((child) =>
      shellQuote(`${escape(child.words.at(-1) ?? "")}:${child.purpose}`),
    );
    return [
      `    (${name})`,
      `      commands=(\n${rows.map((row) => `        ${row}`).join("\n")}\n      )`,
      "      _describe -t commands command commands",
      "      ;;",
    ].join("\n");
  }
  const positional =
    node.choices.length > 0
      ? [`*:argument:(${node.choices.join(" ")})`]
      : node.takesArguments
        ? ["*:argument:_files"]
        : [];
  const specs = [...node.flags.flatMap(flagSpecs), ...positional].map(
    (spec) => `        ${shellQuote(spec)}`,
  );
  return [`    (${name})`, `      _arguments -s -S : \\\n${specs.join(" \\\n")}`, "      ;;"].join("\n");
}

/** The completion function for zsh: a file named _nodupe on its fpath. */
export function zshCompletions(root: CommandNode): string {
  const nodes = flatten(root);
  const names = nodes.filter((node) => node.words.length > 0).map((node) => shellQuote(nameOf(node)));
  return `#compdef nodupe
# Completions of nodupe for zsh; made by: nodupe completions zsh
_nodupe() {
  local command='' word
  local -a commands
  integer index=2
  while (( index < CURRENT )); do
    word="\${command:+$command }$words[index]"
    case $word in
      (${names.join("|")}) command=$word ;;
      (*) break ;;
    esac
    (( index++ ))
  done
  # _arguments is to see the command's own words only
  words=(nodupe "\${(@)words[index,-1]}")
  (( CURRENT -= index - 2 ))
  case $command in
${nodes.map(branch).join("\n")}
  esac
}
# Sourced, it registers itself; found on fpath, compinit has done so and this is its first call.
if [[ $funcstack[1] == _nodupe ]]; then
  _nodupe "$@"
else
  compdef _nodupe nodupe
fi
`;
}
