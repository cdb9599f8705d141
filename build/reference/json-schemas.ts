import * as z from "zod";
import type { JsonSchema } from "../../src/settings/kind.ts";
import { keyName, type Options, type Sections } from "../../src/settings/option.ts";
import { failureOf, type ResultSchema } from "../../src/render/results/fields.ts";
import { optionHelp } from "../../src/cli/command-line/help.ts";

const DIALECT = "https://json-schema.org/draft/2020-12/schema";

/** The range of integers that a double holds exactly tells a reader nothing. */
function isSafeBound(key: string, value: unknown): boolean {
  return /^(min|max)imum$/.test(key) && Math.abs(Number(value)) === Number.MAX_SAFE_INTEGER;
}

/** Merges "or null" into a schema where possible, and keeps only one description. */
function nullable(of: Record<string, unknown>, about: Record<string, unknown>): Record<string, unknown> {
  const { description: _, ...rest } = of;
  const isSimple = typeof of["type"] === "string" && !("enum" in of);
  return isSimple
    ? { ...rest, type: [of["type"], "null"], ...about }
    : { anyOf: [rest, { type: "null" }], ...about };
}

function tidy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tidy);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([key, of]) => !isSafeBound(key, of));
  const tidied: Record<string, unknown> = Object.fromEntries(entries.map(([key, of]) => [key, tidy(of)]));
  const { anyOf, ...about } = tidied;
  if (!Array.isArray(anyOf) || anyOf.length !== 2) return tidied;
  const [first, second] = anyOf as Record<string, unknown>[];
  return first !== undefined && second?.["type"] === "null" ? nullable(first, about) : tidied;
}

/** The JSON Schema of a zod schema, without the dialect that is stated at the top of a file. */
export function schemaOf(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema);
  return tidy(rest) as JsonSchema;
}

/** The schema of `nodupe NAME --json`: its result, or what it prints if it failed before it had one. */
export function resultSchema(name: string, result: ResultSchema): JsonSchema {
  return {
    $schema: DIALECT,
    title: `nodupe ${name} --json`,
    anyOf: [
      ...(result instanceof z.ZodUnion ? result.options : [result]).map(schemaOf),
      { ...schemaOf(failureOf(result)), description: "where it failed before it had a result" },
    ],
  };
}

function sectionSchema(section: string, options: Options): JsonSchema {
  const settable = Object.entries(options).filter(([, of]) => of.scope !== "flag");
  const properties = settable.map(([name, of]): [string, JsonSchema] => [
    keyName(name),
    { ...of.kind.json, description: `${optionHelp(section, name, of)}; ${of.kind.expected}` },
  ]);
  return { type: "object", additionalProperties: false, properties: Object.fromEntries(properties) };
}

/** The schema of config.toml, read as JSON. */
export function configSchema(sections: Sections): JsonSchema {
  const properties = Object.entries(sections).map(([section, options]): [string, JsonSchema] => [
    section,
    sectionSchema(section, options),
  ]);
  return {
    $schema: DIALECT,
    title: "nodupe's config.toml",
    type: "object",
    additionalProperties: false,
    properties: Object.fromEntries(properties),
  };
}
