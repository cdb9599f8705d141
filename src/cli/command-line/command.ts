import { type CommandDef, defineCommand } from "citty";
import type { ConfigFile } from "../../settings/file.ts";
import type { Sections, ValuesOf } from "../../settings/option.ts";
import type { Origin } from "../../settings/resolve.ts";
import type { Store } from "../../db/open.ts";
import type { ResultSchema } from "../../render/results/fields.ts";
import type { Arguments } from "./arguments.ts";
import type { Candidates } from "../../render/command-tree.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** A command's exit code; 130 and 143 are left to main. */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5;

/** Everything a command gets: nothing else reaches it from outside. */
export interface Invocation<S extends Sections> {
  readonly options: { readonly [K in keyof S]: ValuesOf<S[K]> };
  readonly origins: { readonly [K in keyof S]: Readonly<Record<keyof S[K], Origin>> };
  readonly positionals: readonly string[];
  readonly terminal: Terminal;
  /** Aborts at the first SIGINT or SIGTERM; the command then has GRACE_MS to end. */
  readonly signal: AbortSignal;
  readonly configFile: ConfigFile;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The store's path, whether the store exists yet or not. */
  readonly storePath: string;
  /** Opens the store; the caller must dispose of it. */
  readonly openStore: (options?: { readonly?: boolean }) => Promise<Store>;
}

export interface CommandSpec<S extends Sections = Sections> {
  /** The full name: `history import`. */
  readonly name: string;
  readonly purpose: string;
  /** The positionals, as in the usage line. */
  readonly usage: string;
  readonly positionals: { readonly min: number; readonly max: number };
  readonly options: S;
  readonly details?: string;
  /** Sections whose settings are documented in the help of other commands, which the details name. */
  readonly toldElsewhere?: readonly string[];
  /**
   * The schema of the `--json` output. Loaded when its keys are needed: keys are printed as null if the command failed
   * before it knew them.
   */
  readonly result: () => Promise<ResultSchema>;
  /**
   * false if the config file is the command's object rather than its input (`config init`, `config check`), or does not
   * concern it.
   */
  readonly readsConfig?: boolean | ((given: Arguments) => boolean);
  /** What completions offer for its arguments; files by default. */
  readonly completes?: Candidates;
  readonly examples: readonly (readonly [command: string, what: string])[];
  readonly exitCodes: Readonly<Partial<Record<ExitCode, string>>>;
  run(invocation: Invocation<S>): Promise<ExitCode>;
}

/** A citty command, with what the strict command line and the help need. */
export interface Leaf extends CommandDef {
  readonly spec: Omit<CommandSpec, "run">;
}

/** citty's definition of commands that share a first word, with what the help needs. */
export interface Group extends CommandDef {
  /** The shared first word: `history`. */
  readonly name: string;
  readonly purpose: string;
  readonly examples: readonly (readonly [command: string, what: string])[];
  readonly exitCodes: readonly (readonly [code: string, meaning: string])[];
  readonly subCommands: Record<string, () => Promise<CommandEntry>>;
}

export type CommandEntry = Leaf | Group;

/** Loads a command's file when it is called, so that startup pays for one command only. */
type Loader = () => Promise<CommandEntry>;

/**
 * Defines commands that share a first word: `config init`, `config show`. citty's own definition, with what the help
 * needs.
 */
export function group(spec: {
  /** The shared first word; empty for nodupe itself. */
  readonly name: string;
  readonly purpose: string;
  readonly examples: readonly (readonly [command: string, what: string])[];
  readonly exitCodes: readonly (readonly [code: string, meaning: string])[];
  /** In the order of the help. */
  readonly subCommands: Readonly<Record<string, Loader>>;
}): Group {
  const { name, purpose, examples, exitCodes, subCommands } = spec;
  const definition = defineCommand({ meta: { name, description: purpose }, subCommands: { ...subCommands } });
  return Object.assign(definition, { name, purpose, examples, exitCodes, subCommands });
}

/** Exit codes that the commands of a group share; each command's help says more. */
export const GROUP_CODES: readonly (readonly [code: string, meaning: string])[] = [
  ["0", "done"],
  ["1", "failed; the message says why"],
  ["2", "usage error, or an input that cannot be used; nothing was done"],
  ["5", "not permitted"],
];

/** Defines a command. It gets its Invocation as citty's `data`; invoke.ts says why citty does not parse. */
export function command<const S extends Sections>(spec: CommandSpec<S>): Leaf {
  const definition = defineCommand({
    meta: { name: spec.name, description: spec.purpose },
    run: ({ data }: { data?: Invocation<S> }) => {
      if (data === undefined) throw new Error(`Cannot run ${spec.name}: no invocation was given`);
      return spec.run(data);
    },
  });
  return Object.assign(definition, { spec });
}
