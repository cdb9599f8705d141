import { LRUCache } from "lru-cache";
import type { z } from "zod";

export type Body<T> =
  | { readonly type: "valid"; readonly value: T }
  | { readonly type: "invalid"; readonly reason: string };

type Issue = z.core.$ZodIssue;

/** What is wrong with one part of a value. */
interface Fault {
  readonly path: readonly PropertyKey[];
  readonly issue: Issue;
}

/** The faults of a value. Where it fits no branch of a union, those of the branch that it comes closest to. */
function faultsOf(issues: readonly Issue[], path: readonly PropertyKey[] = []): readonly Fault[] {
  return issues.flatMap((issue): readonly Fault[] => {
    const at = [...path, ...issue.path];
    if (issue.code !== "invalid_union") return [{ path: at, issue }];
    const branches = issue.errors.map((errors) => faultsOf(errors, at));
    const [closest] = branches.toSorted((left, right) => weightOf(left) - weightOf(right));
    return closest ?? [{ path: at, issue }];
  });
}

/** How far a value is from a branch: each wrong, missing or unknown key counts, and one deep inside for a little less. */
function weightOf(faults: readonly Fault[]): number {
  return faults.reduce((sum, { path, issue }) => {
    return sum + (issue.code === "unrecognized_keys" ? issue.keys.length : 1 - path.length / 100);
  }, 0);
}

const TYPES: Readonly<Record<string, string>> = {
  array: "a list",
  object: "an object",
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
};

/** What an issue means, for somebody who has not read the schema. Rules with their own words keep them. */
function wordsOf(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return `expected ${TYPES[issue.expected] ?? issue.expected}`;
    case "unrecognized_keys":
      return `unknown ${issue.keys.length === 1 ? "key" : "keys"} ${issue.keys.map((key) => JSON.stringify(key)).join(", ")}`;
    case "invalid_value":
      return `expected ${issue.values.length === 1 ? "" : "one of "}${issue.values.map(String).join(", ")}`;
    case "invalid_format":
      return "it has the wrong form";
    case "too_small":
    case "too_big": {
      if (issue.message !== "" && !issue.message.startsWith("Too ")) return issue.message;
      const limit = issue.code === "too_small" ? `${issue.minimum} or more` : `${issue.maximum} or less`;
      return `expected ${limit}${issue.origin === "string" ? " characters" : ""}`;
    }
    case "custom":
    case "invalid_element":
    case "invalid_key":
    case "invalid_union":
    case "not_multiple_of":
      return issue.message;
  }
}

/** The first fault of a value, and where in it the fault is. */
export function reasonOf(error: z.ZodError): string {
  const [fault] = faultsOf(error.issues);
  if (fault === undefined) return "the request is not valid";
  const where = fault.path.join(".");
  return where === "" ? wordsOf(fault.issue) : `${where}: ${wordsOf(fault.issue)}`;
}

function checked<S extends z.ZodType>(schema: S, value: unknown): Body<z.infer<S>> {
  const parsed = schema.safeParse(value);
  return parsed.success
    ? { type: "valid", value: parsed.data }
    : { type: "invalid", reason: reasonOf(parsed.error) };
}

/** Reads a request's JSON and checks it against a schema. */
export async function jsonBody<S extends z.ZodType>(schema: S, request: Request): Promise<Body<z.infer<S>>> {
  const text = await textOf(request);
  return text === null ? NO_JSON : checkedJson(schema, text);
}

const NO_JSON: Body<never> = { type: "invalid", reason: "the body is not JSON" };

/** null if the client disconnected first: nobody reads the answer then. */
async function textOf(request: Request): Promise<string | null> {
  try {
    return await request.text();
  } catch {
    return null;
  }
}

function checkedJson<S extends z.ZodType>(schema: S, text: string): Body<z.infer<S>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return NO_JSON;
  }
  return checked(schema, value);
}

/** Enough for the bodies that clients keep sending. */
const MOST_REMEMBERED = 100;
/** In characters. Longer bodies are seldom sent twice. */
const LONGEST_REMEMBERED = 4_096;

/** Like `jsonBody`, but remembers valid bodies and does not check the same text twice. */
export function rememberedBody<S extends z.ZodType>(
  schema: S,
): (request: Request) => Promise<Body<z.infer<S>>> {
  const known = new LRUCache<string, Body<z.infer<S>>>({ max: MOST_REMEMBERED });
  return async (request) => {
    const text = await textOf(request);
    if (text === null) return NO_JSON;
    const before = known.get(text);
    if (before !== undefined) return before;
    const body = checkedJson(schema, text);
    if (body.type === "valid" && text.length <= LONGEST_REMEMBERED) known.set(text, body);
    return body;
  };
}

/** Checks a request's query against a schema. A parameter given twice is refused. */
export function query<S extends z.ZodType>(schema: S, request: Request): Body<z.infer<S>> {
  const { searchParams } = new URL(request.url);
  const names = [...searchParams.keys()];
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) return { type: "invalid", reason: `${twice} is given twice` };
  return checked(schema, Object.fromEntries(searchParams));
}
