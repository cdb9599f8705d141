import type { Directory } from "../../lib/directory.ts";
import { CV_TYPES, extensionOf } from "../tanova/cv-types.ts";

/** Why an entry of the tree is passed over; it is counted, and no failure. */
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

/** What a folder's name says: null means descend. */
export function folderRule(name: string): SkipReason | null {
  return name.startsWith(".") ? "hidden" : null;
}

/** Whether the name of an entry is one of a CV, as nearly all are written: told without making a text of it. */
export function isPlainlyCv(entry: Pick<Directory, "initial" | "endsIn">): boolean {
  const { initial } = entry;
  if (initial === DOT || initial === TILDE) return false;
  for (const suffix of SUFFIXES) if (entry.endsIn(suffix)) return true;
  return false;
}

/** What a file's name says: null means that it is a CV. The first rule that applies is told. */
export function fileRule(name: string): SkipReason | null {
  if (name.startsWith("~$")) return "office-lock";
  // `._cv.pdf`, which macOS leaves beside every file on a foreign disk, is hidden too.
  if (name.startsWith(".")) return "hidden";
  const extension = extensionOf(name);
  if (TEMPORARY.has(extension)) return "temporary";
  return Object.hasOwn(CV_TYPES, extension) ? null : "not-a-cv";
}
