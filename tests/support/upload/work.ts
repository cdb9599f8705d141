import type { FoundFile } from "../../../src/upload/scan/file-page.ts";
import { newWork, type Work } from "../../../src/upload/plan/work.ts";
import { checksumOf } from "./upload-store.ts";

/** A small file with this name. */
export function fileOf(name: string, changes: Partial<FoundFile> = {}): FoundFile {
  const path = changes.path ?? `/cvs/${name}`;
  const at = path.lastIndexOf("/") + 1;
  const place = { folder: path.slice(0, at), entry: path.slice(at), path, relativePath: name, name };
  return { ...place, sizeBytes: 1, mtimeUs: 0, ctimeUs: 1, inode: 0, device: 0, ...changes };
}

/** A queued work whose checksum is derived from its name. */
export function workOf(name: string, changes: Partial<Work> = {}): Work {
  return { ...newWork(checksumOf(name), fileOf(name), { type: "queued" }), ...changes };
}
