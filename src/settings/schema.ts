import * as z from "zod";
import { didYouMean } from "../lib/nearest.ts";
import type { Kind } from "./kind.ts";
import { keyName, type Options, type Sections } from "./option.ts";

/** Section → option name → value; only those the file sets. */
export type ConfigValues = ReadonlyMap<string, ReadonlyMap<string, unknown>>;

export type ConfigParse =
  | { readonly type: "valid"; readonly values: ConfigValues }
  | { readonly type: "invalid"; readonly faults: readonly string[] };

function settable(options: Options): [name: string, kind: Kind<unknown>, secret: boolean][] {
  return Object.entries(options)
    .filter(([, of]) => of.scope !== "flag")
    .map(([name, of]) => [name, of.kind, of.secret === true]);
}

function field(kind: Kind<unknown>, secret: boolean): z.ZodType {
  return z.unknown().transform((value, context) => {
    const parsed = kind.parse(value);
    if (parsed !== null) return parsed;
    const found = secret ? `a value of type ${typeof value}` : JSON.stringify(value);
    context.addIssue({ code: "custom", message: `found ${found}, expected ${kind.expected}` });
    return z.NEVER;
  });
}

function sectionSchema(options: Options): z.ZodType<Record<string, unknown>> {
  const shape: Record<string, z.ZodType> = {};
  for (const [name, kind, secret] of settable(options)) shape[keyName(name)] = field(kind, secret).optional();
  return z.strictObject(shape);
}

function configSchema(sections: Sections): z.ZodType<Record<string, Record<string, unknown> | undefined>> {
  const shape: Record<string, z.ZodType<Record<string, unknown> | undefined>> = {};
  for (const [section, options] of Object.entries(sections))
    shape[section] = sectionSchema(options).optional();
  return z.strictObject(shape);
}

function knownKeys(path: readonly PropertyKey[], sections: Sections): string[] {
  const section = path[0];
  if (section === undefined) return Object.keys(sections);
  return settable(sections[String(section)] ?? {}).map(([name]) => keyName(name));
}

function faultsOf(error: z.ZodError, sections: Sections): string[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys") {
      const known = knownKeys(issue.path, sections);
      const expected = known.length === 0 ? "no keys here yet" : `one of ${known.join(", ")}`;
      return issue.keys.map((key) => {
        const place = [...issue.path.map(String), key].join(".");
        const hint = didYouMean(key, known);
        return `${place}: unknown key${hint === "" ? `, expected ${expected}` : hint}`;
      });
    }
    if (issue.code === "invalid_type") return [`${issue.path.join(".")}: expected a table of keys`];
    return [`${issue.path.join(".")}: ${issue.message}`];
  });
}

/** A parsed TOML file → its values by section, or all of its faults at once. */
export function parseConfig(document: unknown, sections: Sections): ConfigParse {
  const parsed = configSchema(sections).safeParse(document);
  if (!parsed.success) return { type: "invalid", faults: faultsOf(parsed.error, sections) };
  const values = new Map<string, ReadonlyMap<string, unknown>>();
  for (const [section, options] of Object.entries(sections)) {
    const table = parsed.data[section] ?? {};
    const entries = settable(options)
      .map(([name]): [string, unknown] => [name, table[keyName(name)]])
      .filter(([, value]) => value !== undefined);
    values.set(section, new Map(entries));
  }
  return { type: "valid", values };
}
