/** The actions of piece operations, as named in the log. The store keeps the index, so only append. */
export const ACTIONS = [
  "GET",
  "GET_AUDIT",
  "GET_REPAIR",
  "PUT",
  "PUT_REPAIR",
  "DELETE",
  "GET_GRACEFUL_EXIT",
  "PUT_GRACEFUL_EXIT",
] as const;

/** How an operation ended. `abandoned` is a start whose end never came; it is kept to recognise its line later. */
export const OUTCOMES = ["success", "canceled", "failed", "abandoned"] as const;
export const SUCCESS = 0;
export const CANCELED = 1;
export const FAILED = 2;
export const ABANDONED = 3;

/** How an operation is counted in the rates; the rest (DELETE, graceful exit) counts only in the totals. */
export const KINDS = ["download", "upload", "audit", "other"] as const;
const DOWNLOAD = 0;
const UPLOAD = 1;
const AUDIT = 2;
const OTHER = 3;
const KIND_OF_ACTION: readonly number[] = [DOWNLOAD, AUDIT, DOWNLOAD, UPLOAD, UPLOAD, OTHER, OTHER, OTHER];

export function kindOfAction(action: number): number {
  return KIND_OF_ACTION[action] ?? OTHER;
}

/** Whether an action's bytes leave the node (`GET*`). */
export function isEgress(action: number): boolean {
  return ACTIONS[action]?.startsWith("GET") ?? false;
}

/** Whether an action's bytes come to the node (`PUT*`). */
export function isIngress(action: number): boolean {
  return ACTIONS[action]?.startsWith("PUT") ?? false;
}

/** Whether an action repairs one of a satellite's segments. */
export function isRepair(action: number): boolean {
  return ACTIONS[action]?.endsWith("_REPAIR") ?? false;
}

/** Upper bounds of the size classes, in bytes; the last class has no bound. */
const SIZE_BOUNDS = [4_096, 65_536, 262_144, 1_048_576] as const;
export const SIZE_CLASSES = ["to 4K", "to 64K", "to 256K", "to 1M", "over 1M", "size unknown"] as const;
const SIZE_UNKNOWN = 5;

export function sizeClassOf(sizeBytes: number): number {
  if (sizeBytes < 0) return SIZE_UNKNOWN;
  let index = 0;
  for (const bound of SIZE_BOUNDS) {
    if (sizeBytes <= bound) return index;
    index += 1;
  }
  return index;
}

export const LEVELS = ["DEBUG", "INFO", "WARN", "ERROR"] as const;
export const LEVEL_DEBUG = 0;
const LEVEL_INFO = 1;

/** The lowest level in a log. `error` (WARN or more severe) shows only failures, so there are no rates. */
export type LogLevel = "debug" | "info" | "error";

/** The level of a log with this many lines of each of LEVELS; null if it has no lines. */
export function logLevelOf(lines: ArrayLike<number>): LogLevel | null {
  if ((lines[LEVEL_DEBUG] ?? 0) > 0) return "debug";
  if ((lines[LEVEL_INFO] ?? 0) > 0) return "info";
  for (let level = 0; level < LEVELS.length; level += 1) if ((lines[level] ?? 0) > 0) return "error";
  return null;
}

/** What a parsed row is. Lines that end an operation have LINE_ENDED + outcome. */
export const LINE_STARTED = 2;
export const LINE_ENDED = 3;
export const LINE_RACE_LOST = 6;

/** Lines that report something other than operations. */
const FACTS = [
  "reputation",
  "compaction_start",
  "compaction_end",
  "internal_error",
  "rejected",
  "in_trash",
] as const;
export type FactType = (typeof FACTS)[number];

export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;
