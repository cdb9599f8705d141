import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { statusOf } from "../lib/file-status.ts";
import type { FoundFile } from "./scan/scan.ts";
import { isSame } from "./settling.ts";
import { unreadableReason } from "./unreadable.ts";

export type SmallFile =
  | { readonly type: "read"; readonly checksum: string }
  /** Its size, mtime or inode is not what the scan saw, before or after it was read. */
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

function readWhole(file: FoundFile, bytes: Uint8Array): boolean {
  const descriptor = openSync(file.path, "r");
  try {
    return fill(descriptor, bytes) && isSame(file, statusOf(fstatSync(descriptor, { bigint: true })));
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Reads a small file into `bytes`, which has its size, and hashes that very buffer. Without promises: four hops to a
 * thread pool cost more than a small file, and where that counts all of it happens in a worker.
 */
export function readSmall(file: FoundFile, bytes: Uint8Array): SmallFile {
  try {
    if (!readWhole(file, bytes)) return { type: "changed" };
    return { type: "read", checksum: new Bun.CryptoHasher("sha256").update(bytes).digest("hex") };
  } catch (error) {
    return { type: "unreadable", reason: unreadableReason(error) };
  }
}
