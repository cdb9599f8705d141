import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { refusePlanted } from "./own-file.ts";

/**
 * Writes a file atomically: it is on the disk before it replaces the old one. A symbolic link is refused, neither
 * followed nor replaced.
 *
 * @param what its name in messages: `config file`.
 * @throws Failure not-permitted if anything but a file of our own is there; the system's error.
 */
export function replaceFile(path: string, content: string, options: { what: string; mode: number }): void {
  refusePlanted(path, options.what);
  // An unpredictable name, and a new file (O_EXCL, which follows no link).
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
