import type { Kind } from "./kind.ts";

/**
 * One setting, defined once: the flag, the key in the config file, the environment variable, the help line, the
 * completion, the commented line of `config init` and the validation are all derived from it.
 */
export interface Option<T, D extends T | null = T | null> {
  readonly kind: Kind<T>;
  readonly help: string;
  readonly default: D;
  /** Shown as the default in the help if the value itself says too little. */
  readonly defaultText?: string;
  /** What `config init` writes if there is no default. */
  readonly example?: T;
  readonly placeholder?: string;
  readonly short?: string;
  /** Environment variables accepted besides NODUPE_SECTION_KEY: the names used by earlier clients. */
  readonly env?: readonly string[];
  /**
   * Where the option can be given: `everywhere` (flag, environment, file), `flag` (one-off actions that make no
   * sense as a setting), `settings` (environment and file: secrets, and limits that few people change).
   */
  readonly scope: "everywhere" | "flag" | "settings";
  /** A secret is masked wherever it is displayed. */
  readonly secret?: boolean;
  /** The option of the same section without which this flag has no meaning: `maxOffset` needs `check`. */
  readonly needs?: string;
  /** Options of the same section that contradict this one if both are given as flags. */
  readonly excludes?: readonly string[];
  /** Its values are names in the store, which completions query. */
  readonly completes?: "nodes";
}

/** camelCase name → option. The flag is the name in kebab-case, the key in snake_case. */
export type Options = Readonly<Record<string, Option<unknown>>>;

/** Section name → its options. A flag's name is unique over all sections of one command. */
export type Sections = Readonly<Record<string, Options>>;

/** The values of options once flags, environment, file and defaults are resolved. */
export type ValuesOf<O> = {
  readonly [K in keyof O]: O[K] extends Option<infer T, infer D> ? (null extends D ? T | null : T) : never;
};

type Details<T> = Partial<
  Pick<
    Option<T>,
    | "defaultText"
    | "example"
    | "placeholder"
    | "short"
    | "env"
    | "scope"
    | "secret"
    | "needs"
    | "excludes"
    | "completes"
  >
>;

/** An option with a default. */
export function option<T>(kind: Kind<T>, value: T, help: string, details: Details<T> = {}): Option<T, T> {
  return { scope: "everywhere", ...details, kind, help, default: value };
}

/** An option that can stay unset (null). A setting needs an example, for the file that `config init` writes. */
export function optional<T>(
  kind: Kind<T>,
  help: string,
  details: Details<T> & ({ readonly scope: "flag" } | { readonly example: T }),
): Option<T, null> {
  return { scope: "everywhere", ...details, kind, help, default: null };
}

export function flagName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

export function keyName(name: string): string {
  return flagName(name).replaceAll("-", "_");
}

/** The environment variables that set an option; the first one set wins. */
export function environmentNames(section: string, name: string, of: Option<unknown>): readonly string[] {
  if (of.scope === "flag") return [];
  return [`NODUPE_${section}_${keyName(name)}`.toUpperCase(), ...(of.env ?? [])];
}
