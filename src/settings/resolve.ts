import type { Kind } from "./kind.ts";
import { environmentNames, type Option, type Options } from "./option.ts";

/** Where a value came from; `name` is the flag, the variable, or the file. */
export interface Origin {
  readonly source: "flag" | "environment" | "file" | "default";
  readonly name: string | null;
}

const RANK: Readonly<Record<Origin["source"], number>> = { flag: 3, environment: 2, file: 1, default: 0 };

/** Whether the source of `first` takes precedence over that of `second`, or is the same. */
export function isNearer(first: Origin, second: Origin): boolean {
  return RANK[first.source] >= RANK[second.source];
}

/** The given values. Flags and file values are already parsed; environment variables are text. */
export interface Layers {
  /** Option name → value, for one section. */
  readonly flags: ReadonlyMap<string, unknown>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Option name → value, for one section. */
  readonly file: ReadonlyMap<string, unknown>;
  readonly filePath: string;
}

export interface Resolution {
  readonly values: Readonly<Record<string, unknown>>;
  readonly origins: Readonly<Record<string, Origin>>;
  /** One line for each environment variable that cannot be parsed. */
  readonly faults: readonly string[];
}

function parseVariable(kind: Kind<unknown>, text: string): unknown {
  return kind.parse(kind.repeatable ? text.split(",").map((item) => item.trim()) : text);
}

function resolveOption(
  section: string,
  name: string,
  of: Option<unknown>,
  layers: Layers,
): { value: unknown; origin: Origin; fault?: string } {
  if (layers.flags.has(name)) return { value: layers.flags.get(name), origin: { source: "flag", name } };
  for (const variable of environmentNames(section, name, of)) {
    const text = layers.environment[variable];
    if (text === undefined || text === "") continue;
    const value = parseVariable(of.kind, text);
    const origin: Origin = { source: "environment", name: variable };
    if (value !== null) return { value, origin };
    const found = of.secret === true ? "a value" : JSON.stringify(text);
    const separated = of.kind.repeatable ? ", separated by commas" : "";
    return { value, origin, fault: `${variable}: found ${found}, expected ${of.kind.expected}${separated}` };
  }
  if (layers.file.has(name)) {
    return { value: layers.file.get(name), origin: { source: "file", name: layers.filePath } };
  }
  return { value: of.default, origin: { source: "default", name: null } };
}

/** Flags > environment > config file > defaults, for one section. Pure. */
export function resolveOptions(section: string, options: Options, layers: Layers): Resolution {
  const values: Record<string, unknown> = {};
  const origins: Record<string, Origin> = {};
  const faults: string[] = [];
  for (const [name, of] of Object.entries(options)) {
    const resolved = resolveOption(section, name, of, layers);
    values[name] = resolved.value;
    origins[name] = resolved.origin;
    if (resolved.fault !== undefined) faults.push(resolved.fault);
  }
  return { values, origins, faults };
}
