import { codeOf } from "../lib/errors.ts";

/** Whether SQLite would not wait any longer for another connection that is writing. */
export function isBusy(error: unknown): boolean {
  return codeOf(error)?.startsWith("SQLITE_BUSY") === true;
}
