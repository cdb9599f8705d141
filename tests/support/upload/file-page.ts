import { putStatus, statxBuffer } from "../../../src/lib/ffi/statx.ts";
import type { KnownFile } from "../../../src/upload/intake/checksum-cache.ts";
import { FilePage, type FoundFile } from "../../../src/upload/scan/file-page.ts";

/** A page of files of one folder, as a scan of that folder would return it. */
function pageOf(files: readonly FoundFile[]): FilePage {
  const page = new FilePage();
  const piece = Buffer.from(files.map(({ entry }) => entry).join("\0"));
  const pieces = { readPiece: () => true, piece, nameAt: (place: number) => files[place]?.entry ?? "" };
  page.enter(pieces, { folder: files[0]?.folder ?? "", sentBase: "", isPartial: false });
  page.next();
  for (const [place, file] of files.entries()) {
    const status = statxBuffer();
    putStatus(status, { type: "file", ...file }, 0o100644);
    page.add(place, status);
  }
  return page;
}

/** What is known of a file: its checksum if it was hashed, null if it is new. */
type Told = { readonly type: "done" } | { readonly type: "hashed"; readonly checksum: string } | null;

/** What is known of files in any folders; consecutive files of one folder form a page. */
export function lookUp(
  cache: { lookUp(page: FilePage): readonly KnownFile[] | null },
  files: readonly FoundFile[],
): Told[] {
  const told: Told[] = [];
  for (let start = 0; start < files.length; start = told.length) {
    const { folder } = files[start] ?? {};
    const end = files.findIndex((file, at) => at > start && file.folder !== folder);
    const page = pageOf(files.slice(start, end < 0 ? files.length : end));
    const known = cache.lookUp(page) ?? Array.from({ length: page.size }, () => ({ type: "done" }) as const);
    for (const what of known)
      told.push(
        what.type === "new"
          ? null
          : what.type === "done"
            ? what
            : { type: what.type, checksum: what.checksum },
      );
  }
  return told;
}
