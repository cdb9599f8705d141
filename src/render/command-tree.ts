/** Names that the store knows, which a completion script asks for: `nodupe completions nodes`. */
export type Candidates = "nodes" | "checksums";

/** A flag as help, completions and the man page tell it. */
export interface FlagNode {
  /** Without dashes. */
  readonly name: string;
  readonly short: string | null;
  /** What stands for its value; null for a switch. */
  readonly placeholder: string | null;
  /** Its purpose, its default, whether it repeats. */
  readonly help: string;
  readonly repeatable: boolean;
  /** The only words it takes; empty where it takes others too. */
  readonly choices: readonly string[];
  /** Its value is a file or a folder. */
  readonly isPath: boolean;
  /** `--no-X` of a switch. */
  readonly negates: boolean;
  /** Its values are names that the store knows. */
  readonly completes: Candidates | null;
}

/** A setting that has no flag. */
export interface SettingNode {
  /** `sync.outage_wait` */
  readonly key: string;
  /** Its purpose, its default, its variables. */
  readonly help: string;
}

/** A command, or a group of commands, as plain data. The root's `words` are empty. */
export interface CommandNode {
  readonly words: readonly string[];
  readonly purpose: string;
  readonly usage: string;
  readonly details: string | null;
  readonly flags: readonly FlagNode[];
  /** What it reads from the environment and the config file alone. */
  readonly settings: readonly SettingNode[];
  readonly examples: readonly (readonly [command: string, what: string])[];
  readonly exitCodes: readonly (readonly [code: string, meaning: string])[];
  /** The words that its arguments may be; empty where they are free. */
  readonly choices: readonly string[];
  readonly takesArguments: boolean;
  /** Its arguments are names that the store knows; null: files, where it takes any. */
  readonly completes: Candidates | null;
  readonly children: readonly CommandNode[];
}

/** The node and all below it, each before its children. */
export function flatten(node: CommandNode): readonly CommandNode[] {
  return [node, ...node.children.flatMap(flatten)];
}

/** `config init`; nothing for the root. */
export function nameOf(node: CommandNode): string {
  return node.words.join(" ");
}

/** The flags that every command takes; they may stand before it too. */
export function commonFlags(root: CommandNode): readonly FlagNode[] {
  const leaves = flatten(root).filter((node) => node.children.length === 0);
  return (leaves[0]?.flags ?? []).filter(({ name }) =>
    leaves.every((leaf) => leaf.flags.some((flag) => flag.name === name)),
  );
}

const WORD = /^[a-z][a-z0-9-]*$/;

/** `a|b|c` → its words; empty where one of them stands for something (`N|auto`). */
export function choicesOf(placeholder: string): readonly string[] {
  const words = placeholder.split("|");
  return words.length > 1 && words.every((word) => WORD.test(word)) ? words : [];
}

/** Whether a placeholder stands for a file or a folder. */
export function isPathPlaceholder(placeholder: string): boolean {
  return /^(FILE|PATH|FOLDER|DIR|SOCKET)$/.test(placeholder);
}
