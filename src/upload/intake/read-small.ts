import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { openPatiently } from "../../lib/descriptors.ts";
import { statusOf } from "../../lib/file-status.ts";
import { systemPath } from "../../lib/path-bytes.ts";
import type { FoundFile } from "../scan/file-page.ts";
import { isSame } from "./settling.ts";
import { unreadableReason } from "./unreadable.ts";

export type SmallFile =
  | { readonly type: "read"; readonly checksum: string }
  /** Its size, times or inode are not what the scan saw, before or after it was read. */
  | { readonly type: "changed" }
  | { readonly type: "unreadable"; readonly reason: string };

/** Fills `bytes` from the file's beginning; false where the file is shorter. */
function fill(descriptor: number, bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length;) {
    const read = readSync(descriptor, bytes, at, bytes.length - at, at);
    if (read === 0) return false;
    at += read;
  }
  return true;
}

/** O_NONBLOCK: a file that has become a FIFO meanwhile is not waited for, but found changed. */
async function readWhole(file: FoundFile, bytes: Uint8Array): Promise<boolean> {
  const descriptor = await openPatiently(() =>
    openSync(systemPath(file.path), constants.O_RDONLY | constants.O_NONBLOCK),
  );
  try {
    return fill(descriptor, bytes) && isSame(file, statusOf(fstatSync(descriptor, { bigint: true })));
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Reads a small file into `bytes`, which has its size, and hashes that very buffer. Without a
 * thread pool: four hops to it cost more than a small file, and where that counts all of it happens in a worker.
 */
export async function readSmall(file: FoundFile, bytes: Uint8Array): Promise<SmallFile> {
  try {
    if (!(await readWhole(file, bytes))) return { type: "changed" };
    return { type: "read", checksum: new Bun.CryptoHasher("sha256").update(bytes).digest("hex") };
  } catch (error) {
    return { type: "unreadable", reason: unreadableReason(error) };
  }
}
