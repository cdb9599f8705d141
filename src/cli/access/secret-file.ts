import { statSync } from "node:fs";
import { codeOf, Failure, reasonOf } from "../../lib/errors.ts";
import { readText } from "../../lib/read-file.ts";
import type { Origin } from "../../settings/resolve.ts";

const RANK: Readonly<Record<Origin["source"], number>> = { flag: 3, environment: 2, file: 1, default: 0 };

/** Which of two was given nearer to the command line: the first one where both were given alike. */
export function isNearer(first: Origin, second: Origin): boolean {
  return RANK[first.source] >= RANK[second.source];
}

/** What a secret's file holds, and what a person should know of where it lies. */
export interface Secret {
  readonly text: string;
  readonly warning: string | null;
}

/**
 * Reads a secret from its file.
 *
 * @param what completes "the … file"; `expected` "expected …".
 * @throws Failure where it cannot be read, or is empty.
 */
export function readSecretFile(path: string, what: string, expected: string): Secret {
  let text: string;
  let isOpen: boolean;
  try {
    text = readText(path).trim();
    isOpen = (statSync(path).mode & 0o077) !== 0;
  } catch (error) {
    const code = codeOf(error);
    if (code === "EACCES" || code === "EPERM")
      throw new Failure("not-permitted", `the ${what} file ${path} cannot be read: permission denied`);
    throw new Failure("usage", `the ${what} file ${path} cannot be read: ${reasonOf(error)}`);
  }
  if (text === "") throw new Failure("usage", `the ${what} file ${path} is empty; expected ${expected}`);
  const warning = isOpen ? `others can read the ${what} in ${path}; fix it with: chmod 600 ${path}` : null;
  return { text, warning };
}
