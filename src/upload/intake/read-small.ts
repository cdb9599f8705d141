import { closeSync, constants, openSync, readSync } from "node:fs";
import { isOutOfDescriptors, openPatiently } from "../../lib/descriptors.ts";
import { statusOfDescriptor } from "../../lib/ffi/statx.ts";
import { systemPath } from "../../lib/path-bytes.ts";
import type { FoundFile } from "../scan/file-page.ts";
import { isSame } from "./settling.ts";
import { unreadableReason } from "./unreadable.ts";

export type SmallFile =
  | { readonly type: "read"; readonly checksum: string }
  /** Its size, times or inode differ from what the scan saw, before or after it was read. */
  | { readonly type: "changed" }
  | { readonly type: "unreadable"; readonly reason: string };

/** Fills `bytes` from the beginning of the file; false if the file is shorter. */
function fill(descriptor: number, bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length;) {
    const read = readSync(descriptor, bytes, at, bytes.length - at, at);
    if (read === 0) return false;
    at += read;
  }
  return true;
}

/** O_NONBLOCK: if the file has been replaced by a FIFO, opening it does not block, and it is reported as changed. */
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
 * Reads a small file into `bytes`, which has its size, and hashes that same buffer. No thread pool: four hops to it
 * cost more than a small file, and where blocking matters all of this runs in a worker. Null if the process is out of
 * descriptors.
 */
export function readSmallNow(file: FoundFile, bytes: Uint8Array): SmallFile | null {
  try {
    return readOpen(openSmall(file), file, bytes);
  } catch (error) {
    return isOutOfDescriptors(error) ? null : { type: "unreadable", reason: unreadableReason(error) };
  }
}

/** As `readSmallNow`, but waits for a descriptor. */
export async function readSmall(file: FoundFile, bytes: Uint8Array): Promise<SmallFile> {
  try {
    return readOpen(await openPatiently(() => openSmall(file)), file, bytes);
  } catch (error) {
    return { type: "unreadable", reason: unreadableReason(error) };
  }
}
