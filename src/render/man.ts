import { type CommandNode, type FlagNode, flatten, nameOf } from "./command-tree.ts";

function hex(letter: string): string {
  return (letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
}

/** A text as roff: a backslash, a hyphen that is to stay one, a leading dot or apostrophe, what is not ASCII. */
function escape(text: string): string {
  return text
    .replaceAll("\\", String.raw`\e`)
    .replaceAll("-", String.raw`\-`)
    .replace(/^([.'])/gm, String.raw`\&$1`)
    .replace(/[^\0-\x7f]/gu, (letter) => String.raw`\[u${hex(letter)}]`);
}

function flagEntry(flag: FlagNode): string {
  const names = [...(flag.short === null ? [] : [`-${flag.short}`]), `--${flag.name}`].map(
    (name) => String.raw`\fB${escape(name)}\fR`,
  );
  const value = flag.placeholder === null ? "" : String.raw` \fI${escape(flag.placeholder)}\fR`;
  return `.TP\n${names.join(", ")}${value}\n${escape(flag.help)}`;
}

/** `--no-X` says nothing that `--X` does not. */
function flagEntries(flags: readonly FlagNode[]): string[] {
  return flags.filter((flag) => !flag.negates).map(flagEntry);
}

function commandSection(node: CommandNode, commonNames: ReadonlySet<string>): string {
  const own = node.flags.filter((flag) => !commonNames.has(flag.name));
  const usage = node.usage === "" ? "" : ` ${escape(node.usage)}`;
  return [
    `.SS "nodupe ${escape(nameOf(node))}"`,
    escape(node.purpose),
    ".PP",
    String.raw`\fBnodupe ${escape(nameOf(node))}\fR [options]${usage}`,
    ...(node.details === null ? [] : [".PP", escape(node.details)]),
    ...flagEntries(own),
    ...node.examples.flatMap(([line, what]) => [
      ".PP",
      `${escape(what.charAt(0).toUpperCase() + what.slice(1))}:`,
      ".PP",
      ".RS",
      ".nf",
      escape(line),
      ".fi",
      ".RE",
    ]),
    ".PP",
    `Exit codes: ${node.exitCodes.map(([code, meaning]) => `${code}: ${escape(meaning)}`).join("; ")}.`,
  ].join("\n");
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
  ["NO_COLOR", "never colour"],
];

function list(rows: readonly (readonly [string, string])[]): string {
  return rows.map(([left, right]) => `.TP\n${escape(left)}\n${escape(right)}`).join("\n");
}

/** The man page, from the command definitions alone. `timeS` is the commit's time in Unix seconds. */
export function manPage(root: CommandNode, version: string, timeS: number): string {
  const leaves = flatten(root).filter((node) => node.children.length === 0);
  const everywhere = (leaves[0]?.flags ?? []).filter((flag) =>
    leaves.every((leaf) => leaf.flags.some(({ name }) => name === flag.name)),
  );
  const commonNames = new Set(everywhere.map(({ name }) => name));
  const date = new Date(timeS * 1_000).toISOString().slice(0, 10);
  return [
    `.TH NODUPE 1 "${date}" "nodupe ${version}" "User Commands"`,
    ".SH NAME",
    String.raw`nodupe \- ${escape(root.purpose.charAt(0).toLowerCase() + root.purpose.slice(1)).replace(/\.$/, "")}`,
    ".SH SYNOPSIS",
    String.raw`\fBnodupe\fR \fICOMMAND\fR [options]`,
    ".SH COMMANDS",
    ...leaves.map((leaf) => commandSection(leaf, commonNames)),
    ".SH OPTIONS OF EVERY COMMAND",
    ...flagEntries(everywhere),
    ".SH FILES",
    list(FILES),
    ".SH ENVIRONMENT",
    list(ENVIRONMENT),
    "",
  ].join("\n");
}
