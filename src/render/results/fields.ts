import * as z from "zod";

/**
 * What a command prints with `--json`: an object, or one of several. The schema yields the keys that a failure prints
 * as null, the JSON Schema and the table of keys in docs/reference; tests check the binary's output against it.
 */
export type ResultSchema = z.ZodObject | z.ZodUnion<readonly z.ZodObject[]>;

/** The types of values in results, each with its description. Units are in the keys. */
export const text = (what: string): z.ZodString => z.string().describe(what);
export const number = (what: string): z.ZodNumber => z.number().describe(what);
export const count = (what: string): z.ZodInt => z.int().min(0).describe(what);
export const whole = (what: string): z.ZodInt => z.int().describe(what);
export const flag = (what: string): z.ZodBoolean => z.boolean().describe(what);
/** A point in time in ISO 8601, UTC. */
export const moment = (what: string): z.ZodString =>
  z.string().meta({ description: what, format: "date-time" });
export const oneOf = <const T extends readonly string[]>(words: T, what: string): z.ZodType<T[number]> =>
  z.enum(words).describe(what);
export const list = <T extends z.ZodType>(of: T, what: string): z.ZodArray<T> => z.array(of).describe(what);

/** A value that can be unknown: it is null then, never left out. */
export function maybe<T extends z.ZodType>(of: T): z.ZodNullable<T> {
  return of.nullable().describe(of.description ?? "");
}

/** A pair of bounds, the lower one first. */
export const interval = (what: string): z.ZodType<[low: number, high: number]> =>
  z.tuple([z.number(), z.number()]).describe(what);

/** An object with exactly these keys. */
export const object = z.strictObject;
export const either = z.union;

/** Why a command failed. */
export const failure = z.looseObject({
  kind: text(
    "kind of failure: failed, check, unreachable, not_permitted, interrupted or unexpected; sync has kinds of its own",
  ),
  reason: text("what happened, in a sentence"),
});

/** The keys of a result; if it has several forms, those of the first one. */
export function keysOf(schema: ResultSchema): readonly string[] {
  const first = schema instanceof z.ZodUnion ? schema.options[0] : schema;
  return Object.keys(first?.shape ?? {});
}

/** What a command prints if it failed before it had a result: its keys, all null, and the reason. */
export function failureOf(schema: ResultSchema): z.ZodObject {
  const unknown = keysOf(schema).map((key): [string, z.ZodNull] => [key, z.null()]);
  return object({ ...Object.fromEntries(unknown), error: failure });
}
