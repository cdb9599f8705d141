import { type CommandNode, commonFlags, flatten, nameOf } from "./command-tree.ts";
import { shellQuote } from "./shell-quote.ts";

/** Flags that take a value, as branches of a `case` on the previous word. */
function valueBranches(node: CommandNode): string[] {
  const pattern = (flag: { name: string; short: string | null }): string =>
    flag.short === null ? `--${flag.name}` : `--${flag.name} | -${flag.short}`;
  const valued = node.flags.filter((flag) => flag.placeholder !== null);
  const paths = valued.filter((flag) => flag.isPath).map(pattern);
  const free = valued
    .filter((flag) => !flag.isPath && flag.choices.length === 0 && flag.completes === null)
    .map(pattern);
  return [
    ...valued
      .filter((flag) => flag.completes !== null)
      .map((flag) => `${pattern(flag)}) offer=${flag.completes} ;;`),
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
  const arguments_ = node.takesArguments ? (node.completes ?? "files") : "nothing";
  const offer = words.length > 0 ? "words" : arguments_;
  const values = valueBranches(node);
  return [
    `    ${shellQuote(nameOf(node))})`,
    `      offer=${offer} words=${shellQuote(words.join(" "))}`,
    ...(node.completes === "nodes"
      ? ["      # a log file stands behind NAME=", "      [[ -n $assigned ]] && offer=files"]
      : []),
    `      flags=${shellQuote(flags.join(" "))}`,
    ...(values.length === 0
      ? []
      : ['      case "$previous" in', ...values.map((line) => `        ${line}`), "      esac"]),
    "      ;;",
  ].join("\n");
}

/** Flags before the command: those that take a value consume the next word. */
function before(root: CommandNode): string {
  const valued = commonFlags(root).filter((flag) => flag.placeholder !== null);
  const names = valued.map(({ name }) => `--${name}`).join(" | ");
  return [
    ...(valued.length === 0 ? [] : [`      ${names}) ((index++)) || true; continue ;;`]),
    "      -*) continue ;;",
  ].join("\n");
}

/** The completion script for bash 4 and later; it needs nothing but bash. */
export function bashCompletions(root: CommandNode): string {
  const nodes = flatten(root);
  const names = nodes.filter((node) => node.words.length > 0).map((node) => shellQuote(nameOf(node)));
  return `# Completions of nodupe for bash; made by: nodupe completions bash
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
${before(root)}
    esac
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
  elif [[ $offer == nodes || $offer == checksums ]]; then
    while IFS= read -r word; do
      printf -v word %q "$word"
      COMPREPLY+=("$word")
    done < <("\${COMP_WORDS[0]}" completions "$offer" -- "$current" "\${COMP_WORDS[@]}" 2>/dev/null)
  fi
}
complete -F _nodupe nodupe
`;
}
