import { LRUCache } from "lru-cache";
import type { z } from "zod";

export type Body<T> =
  | { readonly type: "valid"; readonly value: T }
  | { readonly type: "invalid"; readonly reason: string };

type Issue = z.core.$ZodIssue;

/** If a value matches no branch of a union, the error of the closest branch: the one that lies deepest in the value. */
function closest(issues: readonly Issue[]): Issue | undefined {
  const depth = (issue: Issue | undefined): number =>
    issue === undefined ? -1 : issue.path.length - (issue.code === "unrecognized_keys" ? 0.5 : 0);
  const [first] = issues;
  if (first?.code !== "invalid_union") return first;
  return first.errors
    .map((branch) => {
      const inner = closest(branch);
      return inner === undefined ? undefined : { ...inner, path: [...first.path, ...inner.path] };
    })
    .toSorted((left, right) => depth(right) - depth(left))[0];
}

/** The first problem of a value and where in it the problem is. */
function reasonOf(error: z.ZodError): string {
  const issue = closest(error.issues);
  if (issue === undefined) return "the request is not valid";
  const where = issue.path.join(".");
  return where === "" ? issue.message : `${where}: ${issue.message}`;
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
