import { codeOf } from "../lib/errors.ts";

/** Whether SQLite gave up waiting for another connection that is writing. */
export function isBusy(error: unknown): boolean {
  return codeOf(error)?.startsWith("SQLITE_BUSY") === true;
}
