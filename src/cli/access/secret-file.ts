import { statSync } from "node:fs";
import { codeOf, Failure, reasonOf } from "../../lib/errors.ts";
import { readText } from "../../lib/read-file.ts";

/** What a secret's file holds, and what a person should know of where it lies. */
export interface Secret {
  readonly text: string;
  readonly warning: string | null;
}

function read(path: string): { text: string; isOpen: boolean } {
  return { text: readText(path).trim(), isOpen: (statSync(path).mode & 0o077) !== 0 };
}

/**
 * Reads a key or an address; where others can read it, `warning` says so.
 *
 * @param what completes "the … file"; `expected` "expected …".
 * @throws Failure where it cannot be read, or is empty.
 */
export function readSecretFile(path: string, what: string, expected: string): Secret {
  let secret: ReturnType<typeof read>;
  try {
    secret = read(path);
  } catch (error) {
    const code = codeOf(error);
    if (code === "EACCES" || code === "EPERM")
      throw new Failure("not-permitted", `the ${what} file ${path} cannot be read: permission denied`);
    throw new Failure("usage", `the ${what} file ${path} cannot be read: ${reasonOf(error)}`);
  }
  const { text, isOpen } = secret;
  if (text === "") throw new Failure("usage", `the ${what} file ${path} is empty; expected ${expected}`);
  const warning = isOpen ? `others can read the ${what} in ${path}; fix it with: chmod 600 ${path}` : null;
  return { text, warning };
}

/**
 * Reads tokens: a file that others can read is refused.
 *
 * @param flag what names the file, as messages say it.
 * @param check throws where the text cannot be what is wanted: that is said first.
 * @throws Failure usage where it cannot be read, or others can.
 */
export function readClosedSecret(
  path: string,
  flag: string,
  check: (text: string) => void = () => undefined,
): string {
  let secret: ReturnType<typeof read>;
  try {
    secret = read(path);
  } catch (error) {
    throw new Failure("usage", `${flag}: cannot read ${path} (${reasonOf(error)})`);
  }
  check(secret.text);
  if (secret.isOpen)
    throw new Failure("usage", `${path} can be read by others; fix it with: chmod 600 ${path}`);
  return secret.text;
}
