import type { ContentStanding } from "../ledger/ledger.ts";
import type { FoundFile } from "../scan/file-page.ts";
import type { BatchOutcome, CheckOutcome, HealthOutcome, UploadOutcome } from "../tanova/types.ts";
import type { ShareOutcome, ShareRequest } from "./sharing/share-requests.ts";
import type { Stop } from "./stop.ts";

/** What a request with contents came to. */
export type UnitAnswer =
  | { readonly type: "single"; readonly outcome: UploadOutcome }
  | { readonly type: "batch"; readonly outcome: BatchOutcome }
  /** Cut before its last byte: a claim on the shared history did not hold any more. */
  | { readonly type: "unclaimed" };

/** What a question came to, by checksum; null where the server cannot be asked in bulk. */
export type CheckAnswer = ReadonlyMap<string, CheckOutcome> | null;

/** What a plan is told. */
export type PlanEvent =
  /** A file's content is known, and so is what the store has of it. */
  | {
      readonly type: "offered";
      readonly checksum: string;
      readonly file: FoundFile;
      readonly standing: ContentStanding | null;
      /** How long ago an upload of it that got no answer was last known to be on its way; null where none was. */
      readonly sentAgoMs: number | null;
    }
  /** Nothing more is known to come: what waits for company waits no longer. */
  | { readonly type: "exhausted" }
  /** Nothing more comes, and what earlier runs left `sending` without a file in this tree is at its turn. */
  | { readonly type: "finished" }
  | { readonly type: "strays"; readonly strays: readonly Stray[] }
  /** The server has told how it is, or has not. */
  | { readonly type: "connected"; readonly outcome: HealthOutcome }
  /** The rows of units, which shared a commit, are on the disk; or could not be written, for `error`. */
  | { readonly type: "reserved"; readonly units: readonly number[]; readonly error?: unknown }
  | { readonly type: "answered"; readonly unit: number; readonly answer: UnitAnswer }
  | { readonly type: "checked"; readonly check: number; readonly answer: CheckAnswer }
  | { readonly type: "shared"; readonly request: ShareRequest; readonly outcome: ShareOutcome }
  /** How short of a processor this process is. */
  | { readonly type: "measured"; readonly runDelay: number }
  | { readonly type: "tick" }
  | { readonly type: "stopped"; readonly stop: Stop };

/** An upload that an earlier run left without an answer, and whose file this run has not come across. */
export interface Stray {
  readonly checksum: string;
  readonly sentAgoMs: number;
}
