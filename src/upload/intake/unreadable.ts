import { codeOf, messageOf } from "../../lib/errors.ts";

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "not permitted to read it",
  EPERM: "not permitted to read it",
  ENOENT: "it is no longer there",
  ELOOP: "its links lead in a circle",
  EIO: "the disk cannot read it",
  ENAMETOOLONG: "its path is too long",
  EMFILE: "too many open files",
};

/** Why a path could not be read. Does not name the path, which is always shown beside it. */
export function unreadableReason(error: unknown): string {
  const code = codeOf(error);
  return code === undefined ? messageOf(error) : (REASONS[code] ?? code);
}
