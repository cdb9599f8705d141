import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { refusePlanted } from "./own-file.ts";

/**
 * Writes a file whole or not at all, on the disk before it takes the old one's place. A link is not followed, nor
 * replaced without a word: it is refused.
 *
 * @param what how messages call it: `config file`.
 * @throws Failure not-permitted where something else than a file of our own lies there; the system's error.
 */
export function replaceFile(path: string, content: string, options: { what: string; mode: number }): void {
  refusePlanted(path, options.what);
  // A name that nobody can foresee, and a file that was not there (O_EXCL, which follows no link).
  const draft = `${path}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  const descriptor = openSync(draft, "wx", options.mode);
  try {
    try {
      writeFileSync(descriptor, content);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}
