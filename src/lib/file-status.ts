import type { BigIntStats } from "node:fs";

export type FileType = "file" | "folder" | "link" | "other";

/** What tells whether a file is still the one that it was. */
export interface FileStatus {
  readonly type: FileType;
  readonly sizeBytes: number;
  /** Whole microseconds since the epoch: what a double holds exactly, so that however it was asked for it is the same. */
  readonly mtimeUs: number;
  /** Likewise. Nobody can set it: it tells what a restored mtime hides. */
  readonly ctimeUs: number;
  readonly inode: number;
  /** As st_dev has it. */
  readonly device: number;
}

/** Whole microseconds, rounded down, before 1970 too. */
function microseconds(ns: bigint): number {
  return Number(ns / 1_000n) - (ns % 1_000n < 0n ? 1 : 0);
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
    mtimeUs: microseconds(stats.mtimeNs),
    ctimeUs: microseconds(stats.ctimeNs),
    inode: Number(stats.ino),
    device: Number(stats.dev),
  };
}
