import { type CommandNode, flatten, nameOf } from "./command-tree.ts";
import { shellQuote } from "./shell-quote.ts";

/** Flags whose value is asked for, as one branch of a `case` on the word before. */
function valueBranches(node: CommandNode): string[] {
  const pattern = (flag: { name: string; short: string | null }): string =>
    flag.short === null ? `--${flag.name}` : `--${flag.name} | -${flag.short}`;
  const valued = node.flags.filter((flag) => flag.placeholder !== null);
  const paths = valued.filter((flag) => flag.isPath).map(pattern);
  const free = valued.filter((flag) => !flag.isPath && flag.choices.length === 0).map(pattern);
  return [
    ...valued
      .filter((flag) => flag.choices.length > 0)
      .map((flag) => `${pattern(flag)}) offer=words words=${shellQuote(flag.choices.join(" "))} ;;`),
    ...(paths.length === 0 ? [] : [`${paths.join(" | ")}) offer=files ;;`]),
    ...(free.length === 0 ? [] : [`${free.join(" | ")}) offer=nothing ;;`]),
  ];
}

function branch(node: CommandNode): string {
  const flags = node.flags.flatMap(({ name, short }) => [
    `--${name}`,
    ...(short === null ? [] : [`-${short}`]),
  ]);
  const words = node.children.length > 0 ? node.children.map((child) => child.words.at(-1)) : node.choices;
  const offer = words.length > 0 ? "words" : node.takesArguments ? "files" : "nothing";
  const values = valueBranches(node);
  return [
    `    ${shellQuote(nameOf(node))})`,
    `      offer=${offer} words=${shellQuote(words.join(" "))}`,
    `      flags=${shellQuote(flags.join(" "))}`,
    ...(values.length === 0
      ? []
      : ['      case "$previous" in', ...values.map((line) => `        ${line}`), "      esac"]),
    "      ;;",
  ].join("\n");
}

/** The completion script for bash 4 and later; it needs nothing but bash. */
export function bashCompletions(root: CommandNode): string {
  const nodes = flatten(root);
  const names = nodes.filter((node) => node.words.length > 0).map((node) => shellQuote(nameOf(node)));
  return `# Completions of nodupe for bash; made by: nodupe completions bash
_nodupe() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]}
  local command='' word index offer=nothing words='' flags=''
  # bash makes three words of --flag=value
  if [[ $current == '=' ]]; then
    current=''
  elif [[ $previous == '=' ]]; then
    previous=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${command:+$command }\${COMP_WORDS[index]}"
    case "$word" in
      ${names.join(" | ")}) command=$word ;;
      *) break ;;
    esac
  done
  case "$command" in
${nodes.map(branch).join("\n")}
  esac
  COMPREPLY=()
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$current")
  elif [[ $offer == words ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  elif [[ $offer == files ]]; then
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  fi
}
complete -F _nodupe nodupe
`;
}
