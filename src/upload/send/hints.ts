import { extensionOf } from "../tanova/cv-types.ts";

/** Folder names that say nothing about a job. */
const GENERIC_FOLDERS = new Set(["CVs", "Resumes", "Candidates"]);

/**
 * The file's parent folder below the root, which the API takes as the job that the CV is meant for.
 *
 * @param relativePath below the root, with `/`.
 */
export function jobHint(relativePath: string): string | null {
  const folder = relativePath.split("/").at(-2);
  return folder === undefined || GENERIC_FOLDERS.has(folder) ? null : folder;
}

// An address without quotes as in RFC 5321, with a domain that has at least one dot.
const ADDRESS =
  /^[A-Za-z0-9!#$%&'*+/=?^`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^`{|}~-]+)*@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+$/;

/** The first `_`-separated token of the stem with an `@`, if it is an address: `john_j@x.org.pdf` → `j@x.org`. */
export function emailHint(filename: string): string | null {
  const stem = filename.slice(0, filename.length - extensionOf(filename).length);
  const token = stem.split("_").find((part) => part.includes("@"));
  return token !== undefined && token.length <= 254 && ADDRESS.test(token) ? token : null;
}
