import type { BigIntStats } from "node:fs";

export type FileType = "file" | "folder" | "link" | "other";

/** What shows whether a file has changed. */
export interface FileStatus {
  readonly type: FileType;
  readonly sizeBytes: number;
  /**
   * Whole microseconds since the epoch: a double holds these exactly, so the value is the same whichever call it
   * came from.
   */
  readonly mtimeUs: number;
  /** Likewise. Unlike mtime it cannot be set, so it reveals a change behind a restored mtime. */
  readonly ctimeUs: number;
  readonly inode: number;
  /** As in st_dev. */
  readonly device: number;
}

/** Whole microseconds, rounded down, also before 1970. */
function microseconds(ns: bigint): number {
  return Number(ns / 1_000n) - (ns % 1_000n < 0n ? 1 : 0);
}

// S_IFMT and its values; see inode(7).
const TYPE_MASK = 0o170000;
const TYPES: Readonly<Record<number, FileType>> = { 0o100000: "file", 0o040000: "folder", 0o120000: "link" };

export function typeOfMode(mode: number): FileType {
  return TYPES[mode & TYPE_MASK] ?? "other";
}

/** From the result of a stat call of node:fs with `bigint: true`. */
export function statusOf(stats: BigIntStats): FileStatus {
  return {
    type: typeOfMode(Number(stats.mode)),
    sizeBytes: Number(stats.size),
    mtimeUs: microseconds(stats.mtimeNs),
    ctimeUs: microseconds(stats.ctimeNs),
    inode: Number(stats.ino),
    device: Number(stats.dev),
  };
}
