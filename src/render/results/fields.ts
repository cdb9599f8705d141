import * as z from "zod";

/**
 * What a command prints with `--json`: an object, or one of several. From it come the keys that a failure prints as null,
 * the JSON Schema and the table of keys in docs/reference; tests hold the binary's output to it.
 */
export type ResultSchema = z.ZodObject | z.ZodUnion<readonly z.ZodObject[]>;

/** The kinds of value that results are made of, each with what it says. Units are in the keys. */
export const text = (what: string): z.ZodString => z.string().describe(what);
export const number = (what: string): z.ZodNumber => z.number().describe(what);
export const count = (what: string): z.ZodInt => z.int().min(0).describe(what);
export const whole = (what: string): z.ZodInt => z.int().describe(what);
export const flag = (what: string): z.ZodBoolean => z.boolean().describe(what);
/** A moment as ISO 8601, in UTC. */
export const moment = (what: string): z.ZodString =>
  z.string().meta({ description: what, format: "date-time" });
export const oneOf = <const T extends readonly string[]>(words: T, what: string): z.ZodType<T[number]> =>
  z.enum(words).describe(what);
export const list = <T extends z.ZodType>(of: T, what: string): z.ZodArray<T> => z.array(of).describe(what);

/** A value that may be unknown: null then, and never left out. */
export function maybe<T extends z.ZodType>(of: T): z.ZodNullable<T> {
  return of.nullable().describe(of.description ?? "");
}

/** Two ends, the lower one first. */
export const interval = (what: string): z.ZodType<[low: number, high: number]> =>
  z.tuple([z.number(), z.number()]).describe(what);

/** An object that has these keys and no others. */
export const object = z.strictObject;
export const either = z.union;

/** Why a command could not do what it was asked to. */
export const failure = z.looseObject({
  kind: text(
    "failed, check, unreachable, not_permitted, interrupted or unexpected; sync has kinds of its own",
  ),
  reason: text("what happened, in a sentence"),
});

/** The keys of a result; of several forms the first one's. */
export function keysOf(schema: ResultSchema): readonly string[] {
  const first = schema instanceof z.ZodUnion ? schema.options[0] : schema;
  return Object.keys(first?.shape ?? {});
}

/** What is printed where a command failed before it had a result: its keys, all null, and why. */
export function failureOf(schema: ResultSchema): z.ZodObject {
  const unknown = keysOf(schema).map((key): [string, z.ZodNull] => [key, z.null()]);
  return object({ ...Object.fromEntries(unknown), error: failure });
}
