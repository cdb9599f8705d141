import type { BigIntStats } from "node:fs";

export type FileType = "file" | "folder" | "link" | "other";

/** What tells whether a file is still the one that it was. */
export interface FileStatus {
  readonly type: FileType;
  readonly sizeBytes: number;
  /** Whole microseconds since the epoch: what a double holds exactly, so that however it was asked for it is the same. */
  readonly mtimeUs: number;
  readonly inode: number;
}

// S_IFMT and its values; see inode(7).
const TYPE_MASK = 0o170000;
const TYPES: Readonly<Record<number, FileType>> = { 0o100000: "file", 0o040000: "folder", 0o120000: "link" };

export function typeOfMode(mode: number): FileType {
  return TYPES[mode & TYPE_MASK] ?? "other";
}

/** The status in what node:fs tells with `bigint: true`. */
export function statusOf(stats: BigIntStats): FileStatus {
  return {
    type: typeOfMode(Number(stats.mode)),
    sizeBytes: Number(stats.size),
    // Rounded down, before 1970 too.
    mtimeUs: Number(stats.mtimeNs / 1_000n) - (stats.mtimeNs % 1_000n < 0n ? 1 : 0),
    inode: Number(stats.ino),
  };
}
