import type { Kind } from "./kind.ts";

/**
 * One setting, told once: from it come the flag, the key in the config file, the environment variable, the line in
 * the help, the completion, the commented line of `config init` and the validation.
 */
export interface Option<T, D extends T | null = T | null> {
  readonly kind: Kind<T>;
  readonly help: string;
  readonly default: D;
  /** Written for the default in the help where the value itself says too little. */
  readonly defaultText?: string;
  /** What `config init` writes where there is no default. */
  readonly example?: T;
  readonly placeholder?: string;
  readonly short?: string;
  /** Environment variables accepted beside NODUPE_SECTION_KEY, the earlier clients' names. */
  readonly env?: readonly string[];
  /**
   * Where the option may be given: `everywhere` (flag, environment, file), `flag` (one-off actions that make no sense
   * as a setting), `settings` (environment and file: secrets, and limits that few change).
   */
  readonly scope: "everywhere" | "flag" | "settings";
  /** A secret is masked wherever it would be shown. */
  readonly secret?: boolean;
  /** The option of the same section without which this flag means nothing: `maxOffset` needs `check`. */
  readonly needs?: string;
  /** Options of the same section that contradict this one where both are flags. */
  readonly excludes?: readonly string[];
  /** Its values are names that the store knows: completions ask for them. */
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

/** An option that may stay unset (null). As a setting it has an example, for the file that `config init` writes. */
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

/** The environment variables that set an option, the first one wins. */
export function environmentNames(section: string, name: string, of: Option<unknown>): readonly string[] {
  if (of.scope === "flag") return [];
  return [`NODUPE_${section}_${keyName(name)}`.toUpperCase(), ...(of.env ?? [])];
}
