import { parseArgs } from "node:util";
import { flagName, type Option, type Sections } from "../../settings/option.ts";
import { Failure } from "../../lib/errors.ts";
import { didYouMean } from "../../lib/nearest.ts";

interface Flag {
  readonly section: string;
  readonly name: string;
  readonly option: Option<unknown>;
  /** Whether this is the `--no-X` form of a switch that can also be set elsewhere. */
  readonly negates: boolean;
}

export interface Arguments {
  /** Section → option name → value. */
  readonly flags: ReadonlyMap<string, ReadonlyMap<string, unknown>>;
  readonly positionals: readonly string[];
}

/** Maps each flag, without dashes, to what it sets. */
export function flagsOf(sections: Sections): ReadonlyMap<string, Flag> {
  const flags = new Map<string, Flag>();
  for (const [section, options] of Object.entries(sections)) {
    for (const [name, option] of Object.entries(options)) {
      if (option.scope === "settings") continue;
      const flag = { section, name, option, negates: false };
      flags.set(flagName(name), flag);
      const isSetting = option.kind.placeholder === null && option.scope === "everywhere";
      if (isSetting) flags.set(`no-${flagName(name)}`, { ...flag, negates: true });
    }
  }
  return flags;
}

// Marks negative numbers, which are values and not clusters of short flags. NUL cannot occur in an argument.
const MARK = "\0";
const mark = (argument: string): string => (/^-[\d.]/.test(argument) ? MARK + argument : argument);
const unmark = (value: string): string => (value.startsWith(MARK) ? value.slice(1) : value);

function tokensOf(argv: readonly string[], flags: ReadonlyMap<string, Flag>) {
  const options: Record<string, { type: "string" | "boolean"; short?: string }> = {};
  for (const [typed, flag] of flags) {
    options[typed] = {
      type: flag.option.kind.placeholder === null ? "boolean" : "string",
      ...(flag.option.short === undefined || flag.negates ? {} : { short: flag.option.short }),
    };
  }
  const end = argv.indexOf("--");
  const shorts = new Set([...flags.values()].map(({ option }) => `-${option.short ?? ""}`));
  const args = argv.map((argument, index) =>
    (end >= 0 && index > end) || shorts.has(argument) ? argument : mark(argument),
  );
  return parseArgs({ args, options, strict: false, allowPositionals: true, tokens: true }).tokens;
}

function refuseUnknown(rawName: string, known: Iterable<string>, command: string): never {
  const hint = didYouMean(
    rawName,
    [...known].map((flag) => `--${flag}`),
  );
  throw new Failure(
    "usage",
    `unknown flag ${rawName}${hint === "" ? `; see: nodupe ${command} --help` : hint}`,
  );
}

function readValue(
  flag: Flag,
  rawName: string,
  given: { value: string | undefined; inline: boolean },
): unknown {
  const { kind } = flag.option;
  if (kind.placeholder === null) {
    if (given.value === undefined) return !flag.negates;
    throw new Failure(
      "usage",
      `${rawName} takes no value: found ${JSON.stringify(given.value)}; give the flag alone`,
    );
  }
  const { expectedOne: expected = kind.expected } = kind;
  // In `--url --json` the next flag is not this one's value; a lone `-` (stdin) is.
  const missing = given.value === undefined || (!given.inline && /^-./.test(given.value));
  if (missing) throw new Failure("usage", `${rawName} needs a value: expected ${expected}`);
  const value = kind.parse(unmark(given.value ?? ""));
  if (value === null) {
    throw new Failure(
      "usage",
      `${rawName}: found ${JSON.stringify(unmark(given.value ?? ""))}, expected ${expected}`,
    );
  }
  return value;
}

/**
 * Parses strictly what citty would let pass. Unknown flags and missing or ill-typed values are refused, naming what was
 * expected and the nearest known name. A repeated flag appends if the option is a list; otherwise the last one wins.
 */
export function parseArguments(argv: readonly string[], sections: Sections, command: string): Arguments {
  const known = flagsOf(sections);
  const flags = new Map<string, Map<string, unknown>>();
  const positionals: string[] = [];
  for (const token of tokensOf(argv, known)) {
    if (token.kind === "positional") positionals.push(unmark(token.value));
    if (token.kind !== "option") continue;
    const flag = known.get(token.name);
    if (flag === undefined) refuseUnknown(token.rawName, known.keys(), command);
    const value = readValue(flag, token.rawName, { value: token.value, inline: token.inlineValue === true });
    const section = flags.get(flag.section) ?? new Map<string, unknown>();
    const before = section.get(flag.name);
    section.set(flag.name, Array.isArray(before) && Array.isArray(value) ? [...before, ...value] : value);
    flags.set(flag.section, section);
  }
  return { flags, positionals };
}

/** Refuses too few or too many positionals, and empty ones, as in `nodupe sync "$FOLDER"` with FOLDER unset. */
export function checkPositionals(
  positionals: readonly string[],
  allowed: { min: number; max: number },
  command: string,
  usage: string,
): void {
  const surplus = positionals[allowed.max];
  if (surplus !== undefined) {
    throw new Failure(
      "usage",
      `unexpected argument ${JSON.stringify(surplus)}; usage: nodupe ${command} ${usage}`.trimEnd(),
    );
  }
  if (positionals.includes("")) {
    const fault = "an argument is empty (a variable that is not set?)";
    throw new Failure("usage", `${fault}; usage: nodupe ${command} ${usage}`.trimEnd());
  }
  if (positionals.length < allowed.min) {
    throw new Failure("usage", `missing argument; usage: nodupe ${command} ${usage}`);
  }
}
