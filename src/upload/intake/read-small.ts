import { closeSync, constants, openSync, readSync } from "node:fs";
import { isOutOfDescriptors, openPatiently } from "../../lib/descriptors.ts";
import { statusOfDescriptor } from "../../lib/ffi/statx.ts";
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
function openSmall({ path }: FoundFile): number {
  return openSync(systemPath(path), constants.O_RDONLY | constants.O_NONBLOCK);
}

function readOpen(descriptor: number, file: FoundFile, bytes: Uint8Array): SmallFile {
  try {
    if (!fill(descriptor, bytes) || !isSame(file, statusOfDescriptor(descriptor))) return { type: "changed" };
  } finally {
    closeSync(descriptor);
  }
  return { type: "read", checksum: Bun.SHA256.hash(bytes, "hex") };
}

/**
 * Reads a small file into `bytes`, which has its size, and hashes that very buffer. Without a thread pool: four hops to
 * it cost more than a small file, and where that counts all of it happens in a worker. Null where the process has no
 * descriptor left.
 */
export function readSmallNow(file: FoundFile, bytes: Uint8Array): SmallFile | null {
  try {
    return readOpen(openSmall(file), file, bytes);
  } catch (error) {
    return isOutOfDescriptors(error) ? null : { type: "unreadable", reason: unreadableReason(error) };
  }
}

/** The same, once there is a descriptor. */
export async function readSmall(file: FoundFile, bytes: Uint8Array): Promise<SmallFile> {
  try {
    return readOpen(await openPatiently(() => openSmall(file)), file, bytes);
  } catch (error) {
    return { type: "unreadable", reason: unreadableReason(error) };
  }
}
