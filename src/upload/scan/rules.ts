import type { Directory } from "../../lib/directory.ts";
import { CV_TYPES, extensionOf } from "../tanova/cv-types.ts";

/** Why an entry of the tree is skipped; it is counted, but not as a failure. */
export type SkipReason =
  | "hidden"
  | "office-lock"
  | "temporary"
  | "not-a-cv"
  | "empty"
  | "link-outside"
  | "link-to-folder"
  | "excluded"
  | "special";

const SUFFIXES = Object.keys(CV_TYPES).map((suffix) => Buffer.from(suffix));
const [DOT, TILDE] = [0x2e, 0x7e];
const TEMPORARY = new Set([".part", ".tmp", ".crdownload"]);

/** The rule for a folder's name; null means that the folder is entered. */
export function folderRule(name: string): SkipReason | null {
  return name.startsWith(".") ? "hidden" : null;
}

/** Whether an entry's name is that of a CV as nearly all are written; decided without making a string of it. */
export function isPlainlyCv(entry: Pick<Directory, "initial" | "endsIn">): boolean {
  const { initial } = entry;
  if (initial === DOT || initial === TILDE) return false;
  for (const suffix of SUFFIXES) if (entry.endsIn(suffix)) return true;
  return false;
}

/** The rule for a file's name; null means that it is a CV. The first rule that applies is reported. */
export function fileRule(name: string): SkipReason | null {
  if (name.startsWith("~$")) return "office-lock";
  // `._cv.pdf`, which macOS writes beside every file on a foreign disk, is hidden too.
  if (name.startsWith(".")) return "hidden";
  const extension = extensionOf(name);
  if (TEMPORARY.has(extension)) return "temporary";
  return Object.hasOwn(CV_TYPES, extension) ? null : "not-a-cv";
}
