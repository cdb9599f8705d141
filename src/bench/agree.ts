import { isDeepStrictEqual } from "node:util";

/** Throws unless two ways give the same result: a ratio between ways that do different things would mean nothing. */
export function agree(what: string, ours: unknown, theirs: unknown): void {
  if (isDeepStrictEqual(ours, theirs)) return;
  throw new Error(
    `${what}: the ways that are compared disagree: ${Bun.inspect(ours)} and ${Bun.inspect(theirs)}`,
  );
}
