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

const SUFFIXES = Object.keys(CV_TYPES);
const TEMPORARY = new Set([".part", ".tmp", ".crdownload"]);

/** What a folder's name says: null means descend. */
export function folderRule(name: string): SkipReason | null {
  return name.startsWith(".") ? "hidden" : null;
}

/** What a file's name says: null means that it is a CV. The first rule that applies is told. */
export function fileRule(name: string): SkipReason | null {
  if (name.startsWith("~$")) return "office-lock";
  // `._cv.pdf`, which macOS leaves beside every file on a foreign disk, is hidden too.
  if (name.startsWith(".")) return "hidden";
  // As nearly all are written: without making two texts of each name.
  if (SUFFIXES.some((suffix) => name.endsWith(suffix))) return null;
  const extension = extensionOf(name);
  if (TEMPORARY.has(extension)) return "temporary";
  return Object.hasOwn(CV_TYPES, extension) ? null : "not-a-cv";
}
