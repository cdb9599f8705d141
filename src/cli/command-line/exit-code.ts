import { codeOf, Failure, type FailureKind, messageOf } from "../../lib/errors.ts";
import { VERSION } from "../../lib/version.ts";
import type { ExitCode } from "./command.ts";

const CODES: Readonly<Record<FailureKind, ExitCode>> = {
  failed: 1,
  usage: 2,
  check: 3,
  unreachable: 4,
  "not-permitted": 5,
};

/** The messages and the exit code for a thrown value. */
export interface Ending {
  readonly code: ExitCode;
  /** For `error.kind` of a JSON result: a Failure's kind in snake_case, or `unexpected`. */
  readonly kind: string;
  readonly lines: readonly string[];
}

interface SystemEnding {
  readonly code: ExitCode;
  readonly line: string;
}

/**
 * System and SQLite errors that the user can fix. Extended codes (`SQLITE_IOERR_WRITE`) are matched by their primary
 * code.
 */
function systemEnding(code: string, message: string): SystemEnding | null {
  const primary = code.startsWith("SQLITE_") ? code.split("_").slice(0, 2).join("_") : code;
  switch (primary) {
    case "ENOSPC":
    case "SQLITE_FULL":
      return {
        code: 1,
        line: `the disk is full (${message}); free some space and run again; nothing that was recorded is lost`,
      };
    case "EDQUOT":
      return { code: 1, line: `the disk quota is used up (${message}); free some space and run again` };
    case "SQLITE_BUSY":
    case "SQLITE_LOCKED":
      return { code: 1, line: "another process keeps the store busy; wait until it ends and run again" };
    case "SQLITE_IOERR":
    case "EIO":
      return {
        code: 1,
        line: `the disk cannot be read or written (${message}); check it, or name another store with --db`,
      };
    case "SQLITE_CORRUPT":
    case "SQLITE_NOTADB":
      return { code: 2, line: `the store is damaged (${message}); move it away or restore it from a backup` };
    case "SQLITE_READONLY":
    case "SQLITE_CANTOPEN":
    case "SQLITE_PERM":
      return {
        code: 5,
        line: `the store cannot be written (${message}); fix its permissions, or name another with --db`,
      };
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return { code: 5, line: `not permitted: ${message}` };
    case "EMFILE":
    case "ENFILE":
      return { code: 1, line: `too many open files (${message}); raise the limit (ulimit -n) and run again` };
    default:
      return null;
  }
}

const KINDS: Readonly<Record<ExitCode, string>> = {
  0: "none",
  1: "failed",
  2: "usage",
  3: "check",
  4: "unreachable",
  5: "not_permitted",
};

/** Turns anything thrown into messages and an exit code; every error ends here. */
export function endingOf(thrown: unknown): Ending {
  // What was thrown first is the reason; what failed while cleaning up after it usually follows from it.
  if (thrown instanceof SuppressedError) return endingOf(thrown.suppressed);
  if (thrown instanceof Failure) {
    const code = CODES[thrown.kind];
    return { code, kind: KINDS[code], lines: thrown.lines };
  }
  const message = messageOf(thrown);
  const known = systemEnding(codeOf(thrown) ?? "", message);
  if (known !== null) return { code: known.code, kind: KINDS[known.code], lines: [known.line] };
  const line = `unexpected error in nodupe ${VERSION}, please report it: ${message}`;
  return { code: 1, kind: "unexpected", lines: [line] };
}
