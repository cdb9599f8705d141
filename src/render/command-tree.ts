/** Names in the store that a completion script queries: `nodupe completions nodes`. */
export type Candidates = "nodes" | "checksums";

/** A flag as described by help, completions and the man page. */
export interface FlagNode {
  /** Without dashes. */
  readonly name: string;
  readonly short: string | null;
  /** The placeholder for its value; null for a switch. */
  readonly placeholder: string | null;
  /** Its purpose, its default, and whether it can be repeated. */
  readonly help: string;
  readonly repeatable: boolean;
  /** The only words it accepts; empty if it also accepts others. */
  readonly choices: readonly string[];
  /** Its value is the path of a file or folder. */
  readonly isPath: boolean;
  /** It is the `--no-X` of a switch. */
  readonly negates: boolean;
  /** Its values are names in the store. */
  readonly completes: Candidates | null;
}

/** A setting that has no flag. */
export interface SettingNode {
  /** `sync.outage_wait` */
  readonly key: string;
  /** Its purpose, its default and its variables. */
  readonly help: string;
}

/** A command, or a group of commands, as plain data. The root's `words` are empty. */
export interface CommandNode {
  readonly words: readonly string[];
  readonly purpose: string;
  readonly usage: string;
  readonly details: string | null;
  readonly flags: readonly FlagNode[];
  /** Settings that it reads only from the environment and the config file. */
  readonly settings: readonly SettingNode[];
  readonly examples: readonly (readonly [command: string, what: string])[];
  readonly exitCodes: readonly (readonly [code: string, meaning: string])[];
  /** The words that its arguments can be; empty if any text is accepted. */
  readonly choices: readonly string[];
  readonly takesArguments: boolean;
  /** Its arguments are names in the store; null: files, if it takes arguments. */
  readonly completes: Candidates | null;
  readonly children: readonly CommandNode[];
}

/** The node and all its descendants, parents before children. */
export function flatten(node: CommandNode): readonly CommandNode[] {
  return [node, ...node.children.flatMap(flatten)];
}

/** `config init`; empty for the root. */
export function nameOf(node: CommandNode): string {
  return node.words.join(" ");
}

/** The flags common to all commands; they can also precede the command. */
export function commonFlags(root: CommandNode): readonly FlagNode[] {
  const leaves = flatten(root).filter((node) => node.children.length === 0);
  return (leaves[0]?.flags ?? []).filter(({ name }) =>
    leaves.every((leaf) => leaf.flags.some((flag) => flag.name === name)),
  );
}

const WORD = /^[a-z][a-z0-9-]*$/;

/** `a|b|c` → its words; empty if one of them is a placeholder (`N|auto`). */
export function choicesOf(placeholder: string): readonly string[] {
  const words = placeholder.split("|");
  return words.length > 1 && words.every((word) => WORD.test(word)) ? words : [];
}

/** Whether a placeholder stands for a file or a folder. */
export function isPathPlaceholder(placeholder: string): boolean {
  return /^(FILE|PATH|FOLDER|DIR|SOCKET)$/.test(placeholder);
}
