import { statSync } from "node:fs";
import { codeOf, Failure, reasonOf } from "../../lib/errors.ts";
import { readText } from "../../lib/read-file.ts";

/** A secret read from a file, and a warning if others can read the file. */
export interface Secret {
  readonly text: string;
  readonly warning: string | null;
}

function read(path: string): { text: string; isOpen: boolean } {
  return { text: readText(path).trim(), isOpen: (statSync(path).mode & 0o077) !== 0 };
}

/**
 * Reads a key or an address. `warning` is set if others can read the file.
 *
 * @param what completes "the … file"; `expected` completes "expected …".
 * @throws Failure if the file cannot be read or is empty.
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
 * Reads a token; a file that others can read is refused.
 *
 * @param flag names the file in messages.
 * @param check throws if the text cannot be what is wanted; this is checked before the permissions.
 * @throws Failure (usage) if the file cannot be read, or if others can read it.
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
