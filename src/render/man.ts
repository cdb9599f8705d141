import {
  type CommandNode,
  commonFlags,
  type FlagNode,
  flatten,
  nameOf,
  type SettingNode,
} from "./command-tree.ts";

function hex(letter: string): string {
  return (letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
}

/** Escapes text for roff: backslashes, literal hyphens, a leading dot or apostrophe, and non-ASCII characters. */
function escape(text: string): string {
  return text
    .replaceAll("\\", String.raw`\e`)
    .replaceAll("-", String.raw`\-`)
    .replace(/^([.'])/gm, String.raw`\&$1`)
    .replace(/[^\0-\x7f]/gu, (letter) => String.raw`\[u${hex(letter)}]`);
}

function flagEntry(flag: FlagNode, isNegatable: boolean): string {
  const long = `--${isNegatable ? "[no-]" : ""}${flag.name}`;
  const names = [...(flag.short === null ? [] : [`-${flag.short}`]), long].map(
    (name) => String.raw`\fB${escape(name)}\fR`,
  );
  const value = flag.placeholder === null ? "" : String.raw` \fI${escape(flag.placeholder)}\fR`;
  return `.TP\n${names.join(", ")}${value}\n${escape(flag.help)}`;
}

/** `--X` and `--no-X` are one entry. */
function flagEntries(flags: readonly FlagNode[]): string[] {
  const negated = new Set(flags.filter((flag) => flag.negates).map(({ name }) => name));
  return flags.filter((flag) => !flag.negates).map((flag) => flagEntry(flag, negated.has(`no-${flag.name}`)));
}

const FILES: readonly (readonly [path: string, what: string])[] = [
  ["$XDG_CONFIG_HOME/nodupe/config.toml, ~/.config/nodupe/config.toml", "settings; see nodupe config init"],
  ["$XDG_DATA_HOME/nodupe/nodupe.db, ~/.local/share/nodupe/nodupe.db", "the store"],
];

const ENVIRONMENT: readonly (readonly [name: string, what: string])[] = [
  ["NODUPE_CONFIG, NODUPE_DB", "other places for the config file and the store"],
  [
    "NODUPE_SECTION_KEY",
    "any key of the config file: NODUPE_SYNC_RETRY_DELAY is retry_delay in [sync]; flags win over it, it wins over the file",
  ],
  ["NO_COLOR, CLICOLOR=0, FORCE_COLOR, CLICOLOR_FORCE", "colours off, or on where there is no terminal"],
  ["COLUMNS", "the width of help, tables and progress, instead of the terminal's"],
  ["LC_ALL, LC_CTYPE, LANG", "C or POSIX: what nodupe itself writes is ASCII"],
];

function list(rows: readonly (readonly [string, string])[]): string {
  return rows.map(([left, right]) => `.TP\n${escape(left)}\n${escape(right)}`).join("\n");
}

/** A page of section 1 and its file name. */
export interface ManPage {
  /** `nodupe-history-forget.1` */
  readonly file: string;
  readonly text: string;
}

/** `nodupe-history-forget`; `nodupe` for the root. */
function pageName(node: CommandNode): string {
  return ["nodupe", ...node.words].join("-");
}

function reference(node: CommandNode): string {
  return String.raw`\fB${escape(pageName(node))}\fR(1)`;
}

/** A sentence in whatis(1) style: no capital, no full stop. */
function whatis(purpose: string): string {
  return escape(purpose.charAt(0).toLowerCase() + purpose.slice(1)).replace(/\.$/, "");
}

function settingEntry({ key, help }: SettingNode): string {
  return `.TP\n\\fB${escape(key)}\\fR\n${escape(help)}`;
}

function examples(node: CommandNode): string[] {
  return node.examples.flatMap(([line, what]) => [
    ".PP",
    `${escape(what.charAt(0).toUpperCase() + what.slice(1))}:`,
    ".PP",
    ".RS",
    ".nf",
    escape(line),
    ".fi",
    ".RE",
  ]);
}

function chapter(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`.SH ${title}`, ...lines];
}

function synopsis(node: CommandNode): string {
  const name = String.raw`\fB${escape(["nodupe", ...node.words].join(" "))}\fR`;
  if (node.children.length > 0) return String.raw`${name} \fICOMMAND\fR [options]`;
  return `${name} [options]${node.usage === "" ? "" : ` ${escape(node.usage)}`}`;
}

/** Related pages: its children, its group and the others in it, or nodupe's own page. */
function seeAlso(node: CommandNode, nodes: readonly CommandNode[]): string {
  const parent = nodes.find((other) => nameOf(other) === node.words.slice(0, -1).join(" ") && other !== node);
  const beside = node.words.length > 1 ? (parent?.children ?? []) : [];
  const near = [...(parent === undefined ? [] : [parent]), ...beside, ...node.children];
  return near
    .filter((other) => other !== node)
    .map(reference)
    .join(",\n");
}

/**
 * The man pages for nodupe, each group and each command, generated from the command definitions alone. `timeS` is
 * the commit's time in Unix seconds.
 */
export function manPages(root: CommandNode, version: string, timeS: number): readonly ManPage[] {
  const date = new Date(timeS * 1_000).toISOString().slice(0, 10);
  const common = commonFlags(root);
  const commonNames = new Set(common.map(({ name }) => name));
  const nodes = flatten(root);
  return nodes.map((node) => {
    const isRoot = node.words.length === 0;
    const isLeaf = node.children.length === 0;
    const own = node.flags.filter((flag) => !isLeaf || !commonNames.has(flag.name));
    const text = [
      `.TH ${pageName(node)
        .toUpperCase()
        .replaceAll("-", String.raw`\-`)} 1 "${date}" "nodupe ${version}" "User Commands"`,
      ".SH NAME",
      String.raw`${escape(pageName(node))} \- ${whatis(node.purpose)}`,
      ".SH SYNOPSIS",
      synopsis(node),
      ...chapter("DESCRIPTION", [
        escape(node.purpose),
        ...(node.details === null ? [] : [".PP", escape(node.details)]),
      ]),
      ...chapter(
        "COMMANDS",
        node.children.map((child) => `.TP\n${reference(child)}\n${escape(child.purpose)}`),
      ),
      ...chapter("OPTIONS", flagEntries(own)),
      ...(isLeaf ? chapter("OPTIONS OF EVERY COMMAND", flagEntries(common)) : []),
      ...chapter("SETTINGS", node.settings.map(settingEntry)),
      ...chapter("EXAMPLES", examples(node)),
      ...chapter(
        "EXIT STATUS",
        node.exitCodes.map(([code, meaning]) => `.TP\n${escape(code)}\n${escape(meaning)}`),
      ),
      ...(isRoot ? [".SH FILES", list(FILES), ".SH ENVIRONMENT", list(ENVIRONMENT)] : []),
      ".SH SEE ALSO",
      seeAlso(node, nodes),
      "",
    ].join("\n");
    return { file: `${pageName(node)}.1`, text };
  });
}
