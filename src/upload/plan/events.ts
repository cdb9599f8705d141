import type { ContentStanding } from "../ledger/ledger.ts";
import type { FoundFile } from "../scan/file-page.ts";
import type { BatchOutcome, CheckOutcome, HealthOutcome, UploadOutcome } from "../tanova/types.ts";
import type { ShareOutcome, ShareRequest } from "./sharing/share-requests.ts";
import type { Stop } from "./stop.ts";

/** The result of a request with contents. */
export type UnitAnswer =
  | { readonly type: "single"; readonly outcome: UploadOutcome }
  | { readonly type: "batch"; readonly outcome: BatchOutcome }
  /** Aborted before its last byte: its claim on the shared history was lost. */
  | { readonly type: "unclaimed" };

/** The results of a check, by checksum; null if the server cannot be asked in bulk. */
export type CheckAnswer = ReadonlyMap<string, CheckOutcome> | null;

/** The input of a plan. */
export type PlanEvent =
  /** A file's checksum is known, and what the store knows about its content. */
  | {
      readonly type: "offered";
      readonly checksum: string;
      readonly file: FoundFile;
      readonly standing: ContentStanding | null;
      /** How long ago an unanswered upload of it was last known to be in flight; null if there was none. */
      readonly sentAgoMs: number | null;
    }
  /** No more files are known to come for now: batches no longer wait to be filled. */
  | { readonly type: "exhausted" }
  /** No more files will come: contents that earlier runs left `sending`, without a file in this tree, are next. */
  | { readonly type: "finished" }
  | { readonly type: "strays"; readonly strays: readonly Stray[] }
  /** The result of a health check. */
  | { readonly type: "connected"; readonly outcome: HealthOutcome }
  /** The rows of units that shared a commit are on the disk, or could not be written because of `error`. */
  | { readonly type: "reserved"; readonly units: readonly number[]; readonly error?: unknown }
  | { readonly type: "answered"; readonly unit: number; readonly answer: UnitAnswer }
  | { readonly type: "checked"; readonly check: number; readonly answer: CheckAnswer }
  | { readonly type: "shared"; readonly request: ShareRequest; readonly outcome: ShareOutcome }
  /** How much this process has to wait for a processor. */
  | { readonly type: "measured"; readonly runDelay: number }
  | { readonly type: "tick" }
  | { readonly type: "stopped"; readonly stop: Stop };

/** An upload that an earlier run left without an answer, and whose file this run has not come across. */
export interface Stray {
  readonly checksum: string;
  readonly sentAgoMs: number;
}
