import { isDeepStrictEqual } from "node:util";

/** Sees to it that two ways give the same result: a ratio of ways that do different things would say nothing. */
export function agree(what: string, ours: unknown, theirs: unknown): void {
  if (isDeepStrictEqual(ours, theirs)) return;
  throw new Error(
    `${what}: the ways that are compared disagree: ${Bun.inspect(ours)} and ${Bun.inspect(theirs)}`,
  );
}
