import type { z } from "zod";

export type Body<T> =
  | { readonly type: "valid"; readonly value: T }
  | { readonly type: "invalid"; readonly reason: string };

type Issue = z.core.$ZodIssue;

/** Of the ways in which a value fits no form of a union, the one that comes closest: it is wrong in the deepest place. */
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

/** The first thing that is wrong with a value, with the place where it is. */
function reasonOf(error: z.ZodError): string {
  const issue = closest(error.issues);
  if (issue === undefined) return "the request is not understood";
  const where = issue.path.join(".");
  return where === "" ? issue.message : `${where}: ${issue.message}`;
}

function checked<S extends z.ZodType>(schema: S, value: unknown): Body<z.infer<S>> {
  const parsed = schema.safeParse(value);
  return parsed.success
    ? { type: "valid", value: parsed.data }
    : { type: "invalid", reason: reasonOf(parsed.error) };
}

/** Reads a request's JSON and holds it to a schema. */
export async function jsonBody<S extends z.ZodType>(schema: S, request: Request): Promise<Body<z.infer<S>>> {
  let value: unknown;
  try {
    value = await request.json();
  } catch {
    return { type: "invalid", reason: "the body is not JSON" };
  }
  return checked(schema, value);
}

/** A request's query, held to a schema; a name that is given twice is refused. */
export function query<S extends z.ZodType>(schema: S, request: Request): Body<z.infer<S>> {
  const { searchParams } = new URL(request.url);
  const names = [...searchParams.keys()];
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) return { type: "invalid", reason: `${twice} is given twice` };
  return checked(schema, Object.fromEntries(searchParams));
}
