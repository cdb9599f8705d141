import type { SkipReason } from "../scan/rules.ts";

/** What a run is waiting for. */
export interface Waiting {
  /** Completes "waiting for …": `the server`, `the shared store`, `the store that another program has locked`. */
  readonly for: string;
  /** When it goes on, or gives up, in Unix milliseconds; null if not known. */
  readonly untilMs: number | null;
}

/** The progress of a run at one moment, to be asked for whenever it is displayed. */
export interface RunProgress {
  readonly found: number;
  readonly uploaded: number;
  readonly duplicateLocal: number;
  readonly duplicateRemote: number;
  readonly failed: number;
  /** CVs in the tree; null until it has been counted. */
  readonly total: number | null;
  readonly sentBytes: number;
  readonly inFlight: number;
  readonly waiting: Waiting | null;
}

/** The result for one file of the tree, as reported with `-v`. */
export type FileEvent =
  | { readonly type: "uploaded" | "known-here" | "known-there"; readonly path: string }
  | { readonly type: "skipped"; readonly path: string; readonly reason: SkipReason }
  | { readonly type: "failed"; readonly path: string; readonly reason: string };
