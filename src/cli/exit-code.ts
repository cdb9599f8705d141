import { codeOf, Failure, type FailureKind, messageOf } from "../lib/errors.ts";
import { VERSION } from "../lib/version.ts";
import type { ExitCode } from "./command.ts";

const CODES: Readonly<Record<FailureKind, ExitCode>> = {
  failed: 1,
  usage: 2,
  check: 3,
  unreachable: 4,
  "not-permitted": 5,
};

/** What a person is told, and the exit code, for whatever was thrown. */
export interface Ending {
  readonly code: ExitCode;
  readonly line: string;
}

/** The one switch in which every error ends. */
export function endingOf(thrown: unknown): Ending {
  if (thrown instanceof Failure) return { code: CODES[thrown.kind], line: thrown.message };
  const message = messageOf(thrown);
  switch (codeOf(thrown)) {
    case "ENOSPC":
    case "SQLITE_FULL":
      return {
        code: 1,
        line: `the disk is full (${message}); free some space and run again: what was recorded is kept`,
      };
    case "EDQUOT":
      return { code: 1, line: `the disk quota is used up (${message}); free some space and run again` };
    case "SQLITE_BUSY":
    case "SQLITE_BUSY_SNAPSHOT":
      return { code: 1, line: "the store is kept busy by another process; wait for it to end and run again" };
    case "SQLITE_CORRUPT":
    case "SQLITE_NOTADB":
      return { code: 2, line: `the store is damaged (${message}); move it away or restore it from a backup` };
    case "EACCES":
    case "EPERM":
      return { code: 5, line: `not permitted: ${message}` };
    case "EMFILE":
    case "ENFILE":
      return { code: 1, line: `too many open files (${message}); raise the limit (ulimit -n) and run again` };
    case undefined:
    default:
      return { code: 1, line: `unexpected error in nodupe ${VERSION}, please report it: ${message}` };
  }
}
