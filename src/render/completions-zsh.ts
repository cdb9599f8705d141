import { type CommandNode, commonFlags, type FlagNode, flatten, nameOf } from "./command-tree.ts";
import { shellQuote } from "./shell-quote.ts";

/** Characters with a meaning within `[…]` and between the colons of an _arguments specification. */
function escape(text: string): string {
  return text.replace(/[\\:[\]]/g, String.raw`\$&`);
}

function actionOf(flag: FlagNode): string {
  if (flag.choices.length > 0) return `(${flag.choices.join(" ")})`;
  if (flag.completes !== null) return ` _nodupe_known ${flag.completes}`;
  // A space means "nothing to offer, but a value is required".
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
  const argument = node.completes === null ? "_files" : ` _nodupe_known ${node.completes}`;
  const positional =
    node.choices.length > 0
      ? [`*:argument:(${node.choices.join(" ")})`]
      : node.takesArguments
        ? [`*:argument:${argument}`]
        : [];
  const specs = [...node.flags.flatMap(flagSpecs), ...positional].map(
    (spec) => `        ${shellQuote(spec)}`,
  );
  return [`    (${name})`, `      _arguments -s -S : \\\n${specs.join(" \\\n")}`, "      ;;"].join("\n");
}

/** Flags before the command, which is not known yet: those that take a value consume the next word. */
function before(root: CommandNode): string {
  const valued = commonFlags(root).filter((flag) => flag.placeholder !== null);
  const groups = flatten(root).filter((node) => node.children.length > 0);
  return [
    "    case $command in",
    `      (${groups.map((node) => shellQuote(nameOf(node))).join("|")})`,
    "        case $words[index] in",
    ...(valued.length === 0
      ? []
      : [`          (${valued.map(({ name }) => `--${name}`).join("|")}) (( index += 2 )); continue ;;`]),
    "          (-*) (( index++ )); continue ;;",
    "        esac",
    "        ;;",
    "    esac",
  ].join("\n");
}

/** The completion function for zsh: a file named _nodupe on its fpath. */
export function zshCompletions(root: CommandNode): string {
  const nodes = flatten(root);
  const names = nodes.filter((node) => node.words.length > 0).map((node) => shellQuote(nameOf(node)));
  return `#compdef nodupe
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
${before(root)}
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
