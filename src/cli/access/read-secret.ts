import { statSync } from "node:fs";
import { Failure, reasonOf } from "../../lib/errors.ts";
import { readText } from "../../lib/read-file.ts";

/**
 * The text of a file that nobody else may read.
 *
 * @param flag what names the file, as messages say it.
 * @param check throws where the text cannot be what is wanted: that is said first.
 * @throws Failure usage where it cannot be read, or others can.
 */
export function readSecret(
  file: string,
  flag: string,
  check: (text: string) => void = () => undefined,
): string {
  let text: string;
  try {
    text = readText(file).trim();
  } catch (error) {
    throw new Failure("usage", `${flag}: cannot read ${file} (${reasonOf(error)})`);
  }
  check(text);
  if ((statSync(file).mode & 0o077) !== 0)
    throw new Failure("usage", `${file} can be read by others; fix it with: chmod 600 ${file}`);
  return text;
}
