import { newWork, type Work } from "../../src/upload/work.ts";
import { checksumOf } from "./upload-store.ts";

/** A work whose checksum is that of its name. */
export function workOf(name: string, changes: Partial<Work> = {}): Work {
  const file = { path: `/cvs/${name}`, relativePath: name, name, sizeBytes: 1, mtimeUs: 0, inode: 0 };
  return { ...newWork(checksumOf(name), file, null), ...changes };
}
