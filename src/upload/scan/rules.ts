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

/** File name extension, lower case → MIME type: the five types that the API takes. */
export const CV_TYPES: Readonly<Record<string, string>> = {
  ".pdf": "application/pdf",
  ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  ".doc": "application/msword",
  ".txt": "text/plain",
  ".md": "text/markdown",
};

const TEMPORARY = new Set([".part", ".tmp", ".crdownload"]);

/** `.pdf` of `CV.PDF`; "" where there is none. A leading dot begins no extension. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot <= 0 ? "" : name.slice(dot).toLowerCase();
}

/** What a folder's name says: null means descend. */
export function folderRule(name: string): SkipReason | null {
  return name.startsWith(".") ? "hidden" : null;
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
