import type { FoundFile } from "../../src/upload/scan/scan.ts";
import { newWork, type Work } from "../../src/upload/plan/work.ts";
import { checksumOf } from "./upload-store.ts";

/** A small file of that name. */
export function fileOf(name: string, changes: Partial<FoundFile> = {}): FoundFile {
  const place = { path: `/cvs/${name}`, relativePath: name, name };
  return { ...place, sizeBytes: 1, mtimeUs: 0, inode: 0, ...changes };
}

/** A work in line whose checksum is that of its name. */
export function workOf(name: string, changes: Partial<Work> = {}): Work {
  return { ...newWork(checksumOf(name), fileOf(name), { type: "queued" }), ...changes };
}
